package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// sources are the files of deploy/kubernetes by their paths in it.
type sources map[string]string

func readSources(dir string) (sources, error) {
	found := sources{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		found[name] = string(text)
		return err
	})
	if err == nil && len(found) < 20 {
		err = fmt.Errorf("%s: only %d files; is -root right?", dir, len(found))
	}
	return found, err
}

// with is the sources with one change.
func (s sources) with(file, old, replacement string) (sources, error) {
	if strings.Count(s[file], old) < 1 {
		return nil, fmt.Errorf("%s has no %q any more", file, old)
	}
	changed := maps.Clone(s)
	changed[file] = strings.Replace(s[file], old, replacement, 1)
	return changed, nil
}

// overlays are the directories that are applied to a cluster, each to its own.
func (s sources) overlays() []string {
	var found []string
	for file := range s {
		dir := path.Dir(file)
		if path.Base(file) == "kustomization.yaml" && !strings.HasPrefix(dir, "base/") && !strings.HasPrefix(dir, "components/") {
			found = append(found, dir)
		}
	}
	slices.Sort(found)
	return found
}

// build runs Kustomize on an overlay and returns each object as YAML.
func (s sources) build(overlay string) ([][]byte, error) {
	disk := filesys.MakeFsInMemory()
	for name, text := range s {
		if err := disk.WriteFile("/"+name, []byte(text)); err != nil {
			return nil, err
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, "/"+overlay)
	if err != nil {
		return nil, err
	}
	var objects [][]byte
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return nil, err
		}
		objects = append(objects, text)
	}
	return objects, nil
}

// typed decodes strictly: a field that the type does not have is an error.
func typed[T any](text []byte) (*T, error) {
	object := new(T)
	if err := yaml.UnmarshalStrict(text, object); err != nil {
		return nil, err
	}
	return object, nil
}
