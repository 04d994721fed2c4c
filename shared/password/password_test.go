package password_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/password"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var cheap = password.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}

func TestHashes(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(cheap, 2)
	first, err := h.Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(first, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("%s, %v", first, err)
	}
	second, err := h.Hash(t.Context(), "correct horse")
	if err != nil || second == first {
		t.Errorf("the same salt twice: %v", err)
	}
	for text, want := range map[string]bool{"correct horse": true, "correct horse ": false, "Correct horse": false, "": false} {
		if ok, outdated, err := h.Verify(t.Context(), text, first); ok != want || outdated || err != nil {
			t.Errorf("%q: %t, %t, %v", text, ok, outdated, err)
		}
	}
	dearer := password.NewHasher(password.Cost{MemoryKiB: 128, Passes: 1, Lanes: 1}, 2)
	if ok, outdated, err := dearer.Verify(t.Context(), "correct horse", first); !ok || !outdated || err != nil {
		t.Errorf("of another cost: %t, %t, %v", ok, outdated, err)
	}
	if ok, _, err := h.Verify(t.Context(), "", ""); ok || err != nil {
		t.Errorf("nothing stored: %t, %v", ok, err)
	}
}

// Computed by the reference implementation:
// echo -n "password" | argon2 somesalt -id -t 2 -m 16 -p 1 -e
func TestOthersHashesVerify(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, outdated, err := password.NewHasher(password.Recommended, 1).Verify(t.Context(), "password", hash); !ok || !outdated || err != nil {
		t.Errorf("%t, %t, %v", ok, outdated, err)
	}
}

// Whatever keyboard typed them.
func TestFormsOfOneTextAreOnePassword(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(cheap, 1)
	hash, err := h.Hash(t.Context(), "Zu\u0308rich ① see")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Verify(t.Context(), "Zürich 1 see", hash); !ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
}

func TestWhatIsNoHashIsRefused(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(cheap, 1)
	for _, text := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1 $c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=64,t=1,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	} {
		if ok, _, err := h.Verify(t.Context(), "password", text); ok || err == nil || strings.Contains(err.Error(), "CTFh") {
			t.Errorf("%s: %t, %v", text, ok, err)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"short":                            "8 characters",
		strings.Repeat("é", 513):           "1024 bytes",
		"Password123!":                     "tried first",
		"ILOVEYOU1":                        "tried first",
		"qwertyuiop":                       "tried first",
		"aaaaaaaaaaaaaaaaa":                "again and again",
		"quixabeth9!":                      "your name",
		"O'Quux.quixabeth":                 "your name",
		"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8": "text",
	} {
		err := password.Check(text, "Quixabeth O'Quux", "quixabeth@example.org")
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
	for _, text := range []string{"correct horse battery staple", "日本語の長い言葉です", "quixabeth met a giraffe", strings.Repeat("long ", 204), "        x7Q!"} {
		if err := password.Check(text, "Quixabeth O'Quux", "quixabeth@example.org"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// About 7 of 100,000 strangers; the dictionary's own words always.
func TestTheFilterIsSeldomWrong(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"password", "12345678", "iloveyou", "football", "sunshine"} {
		if !password.Breached(word) || !password.Breached(strings.ToUpper(word)) {
			t.Errorf("%s is not found", word)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	const tries = 200_000
	wrong := 0
	for range tries {
		text := make([]byte, 12)
		for i := range text {
			text[i] = byte('a' + random.IntN(26))
		}
		if password.Breached(string(text)) {
			wrong++
		}
	}
	if wrong > tries*2/10_000 {
		t.Errorf("%d of %d strangers are taken for words of the list", wrong, tries)
	}
}

// A crowd waits its turn, and those who would wait too long are told at once.
func TestACrowdIsBounded(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(password.Cost{MemoryKiB: 1024, Passes: 2, Lanes: 1}, 1)
	var mu sync.Mutex
	refused, served := 0, 0
	var crowd sync.WaitGroup
	for range 200 {
		crowd.Go(func() {
			err := h.Waste(t.Context(), "x")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				served++
			case fault.CodeOf(err) == fault.Unavailable:
				refused++
			default:
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	if refused == 0 || served < 65 {
		t.Errorf("%d refused, %d served", refused, served)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Waste(ended, "x"); err != nil { // a turn that is free is taken
		t.Error(err)
	}
}

// What is not there takes as long as what is.
func TestNothingCostsAsMuch(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(password.Recommended, 1)
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	// In turns, and the shortest of each: what else the machine does only makes
	// some of them longer. What really takes longer does so however often.
	known, unknown := time.Hour, time.Hour
	for range 100 {
		for hash, best := range map[string]*time.Duration{hash: &known, "": &unknown} {
			begun := time.Now()
			if _, _, err := h.Verify(t.Context(), "wrong", hash); err != nil {
				t.Fatal(err)
			}
			*best = min(*best, time.Since(begun))
		}
		if ratio := float64(unknown) / float64(known); ratio > 0.85 && ratio < 1.18 {
			return
		}
	}
	t.Errorf("known %s, unknown %s", known, unknown)
}
