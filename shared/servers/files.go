package servers

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeDir makes a private directory, and its parents, which others may pass:
// the directory may be handed over to another user.
func makeDir(path string) error {
	err := os.MkdirAll(filepath.Dir(path), 0o711) //nolint:gosec // see above
	if err == nil {
		err = os.MkdirAll(path, 0o700)
	}
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	return nil
}

// writePrivate replaces a file, readable by its owner alone: most of these
// files hold passwords.
func writePrivate(path, content string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func chownTree(root string, uid, gid int) error {
	tree, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer tree.Close() //nolint:errcheck // only its entries' owners were changed
	return fs.WalkDir(tree.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return tree.Lchown(path, uid, gid)
	})
}
