// Command makefilter makes the filter of passwords that are tried first out of
// a list of them, a JSON array.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/coditect/platform/shared/password/internal/bloom"
)

// listSum is the SHA-256 of the list that the package's documentation names.
const listSum = "f422773d94d630f27e08b26d7017e847bb1feb2a84809340e9c0b0c47b33e3f1"

func main() {
	list := flag.String("list", "", "JSON array of passwords")
	out := flag.String("out", "", "file for the filter")
	flag.Parse()
	if err := run(*list, *out); err != nil {
		fmt.Fprintln(os.Stderr, "makefilter:", err)
		os.Exit(1)
	}
}

func run(list, out string) error {
	raw, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != listSum {
		return fmt.Errorf("%s is another list than the one that is documented: its SHA-256 is %x", list, sum)
	}
	var words []string
	if err := json.Unmarshal(raw, &words); err != nil {
		return err
	}
	filter := bloom.New(len(words))
	for _, word := range words {
		filter.Add(strings.ToLower(norm.NFKC.String(word)))
	}
	return os.WriteFile(out, filter, 0o600)
}
