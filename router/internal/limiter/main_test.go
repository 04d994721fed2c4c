package limiter_test

import (
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) {
	logging.Disable() // Redis dies here on purpose
	testkit.Main(m)
}
