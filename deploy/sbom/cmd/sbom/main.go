// Sbom prints what a compiled program consists of. The document's time is
// SOURCE_DATE_EPOCH, so that the same program has the same document.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/coditect/platform/deploy/sbom"
)

func main() {
	if err := run(os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string, epoch string) error {
	if len(args) != 1 {
		return errors.New("usage: SOURCE_DATE_EPOCH=seconds sbom PROGRAM")
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return errors.New("SOURCE_DATE_EPOCH: set it to seconds since 1970, such as $(git log -1 --format=%ct)")
	}
	document, err := sbom.Of(args[0], time.Unix(seconds, 0))
	if err != nil {
		return err
	}
	return document.Write(os.Stdout)
}
