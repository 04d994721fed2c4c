package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// fileSuffix makes a variable's value the path of the file that holds the value.
const fileSuffix = "_FILE"

// maxSecretFile bounds what is read of such a file: 64 KiB.
const maxSecretFile = 64 << 10

// Environ reads an environment, as [os.Environ] returns it. A variable NAME whose
// name begins with prefix may come as NAME_FILE instead, the path of a file with
// its value: orchestrators hand secrets over as files, and what stands in an
// environment is inherited and shown by tools. One line break at the end is not
// part of the value.
//
// Errors name variables and paths, never values: a file that cannot be read or is
// longer than 64 KiB, or a variable that comes both ways.
func Environ(prefix string, environ []string) (lookup func(name string) string, err error) {
	values := make(map[string]string, len(environ))
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	var errs []error
	read := map[string]string{}
	for variable, path := range values {
		name, isFile := strings.CutSuffix(variable, fileSuffix)
		if !isFile || !strings.HasPrefix(name, prefix) || path == "" {
			continue
		}
		value, err := readSecret(path)
		switch {
		case values[name] != "":
			errs = append(errs, fmt.Errorf("%s and %s are both set: unset one", name, variable))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", variable, err))
		}
		read[name] = value
	}
	return func(name string) string {
		if value, ok := read[name]; ok {
			return value
		}
		return values[name]
	}, errors.Join(errs...)
}

func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecretFile {
		return "", fmt.Errorf("%s is longer than %d bytes: it is no secret", path, maxSecretFile)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}
