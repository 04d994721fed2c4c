package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

var usedType = regexp.MustCompile(`(?m)^(?:resource|data) "(google_[a-z0-9_]+)"`)

// trimStandin copies the sources of a schema-only provider and leaves in its schema
// what terraform/ uses. Every run of terraform test loads the whole schema anew;
// without this, that is nearly all of its time.
func trimStandin(source, standin, into string) error {
	used, err := usedTypes(source)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(into); err != nil {
		return err
	}
	if err := os.CopyFS(into, os.DirFS(standin)); err != nil {
		return err
	}
	path := filepath.Join(into, "schema.json.gz")
	schema, err := readSchema(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, section := range []string{"resources", "datasources"} {
		var types map[string]json.RawMessage
		if err := json.Unmarshal(schema[section], &types); err != nil {
			return fmt.Errorf("%s: %s: %w", path, section, err)
		}
		for name := range types {
			if !used[name] {
				delete(types, name)
			}
		}
		if schema[section], err = json.Marshal(types); err != nil {
			return err
		}
	}
	return writeSchema(path, schema)
}

func usedTypes(source string) (map[string]bool, error) {
	used := map[string]bool{}
	err := filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // G122: the sources are ours, and nobody changes them meanwhile
		for _, match := range usedType.FindAllSubmatch(text, -1) {
			used[string(match[1])] = true
		}
		return err
	})
	return used, err
}

func readSchema(path string) (map[string]json.RawMessage, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	text, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var schema map[string]json.RawMessage
	return schema, json.NewDecoder(text).Decode(&schema)
}

func writeSchema(path string, schema map[string]json.RawMessage) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil { // the copy may be read-only
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(file)
	if _, err := packed.Write(text); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return file.Close()
}
