package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"sync"
	"syscall"
)

// Postgres and PgBouncer refuse to run as uid 0. Root runs them in a user
// namespace in which it appears as an ordinary user: files stay root's on
// disk, so their directory may lie under any path, also one that no other
// user could enter. Where the kernel forbids such namespaces they run as
// Debian's postgres user, who then must own the directory and reach it.

// unprivilegedID is the uid and gid that root appears as in the namespace.
const unprivilegedID = 1000

// dropRoot makes the process run under another uid than 0.
func dropRoot(attr *syscall.SysProcAttr) error {
	if namespacesWork() {
		enterNamespace(attr)
		return nil
	}
	credential, err := postgresUser()
	if err != nil {
		return err
	}
	attr.Credential = credential
	return nil
}

func enterNamespace(attr *syscall.SysProcAttr) {
	mapping := []syscall.SysProcIDMap{{ContainerID: unprivilegedID, HostID: 0, Size: 1}}
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = mapping
	attr.GidMappings = mapping
}

// namespacesWork tries it once: there is no other reliable way to know.
var namespacesWork = sync.OnceValue(func() bool {
	cmd := exec.Cmd{Path: "/bin/true", SysProcAttr: &syscall.SysProcAttr{}}
	enterNamespace(cmd.SysProcAttr)
	return cmd.Run() == nil
})

// handOver gives a directory to the uid that its server will run under, and
// makes sure that uid can reach it. It changes nothing where that uid is ours.
func handOver(ctx context.Context, dir string) error {
	if os.Geteuid() != 0 || namespacesWork() {
		return nil
	}
	credential, err := postgresUser()
	if err != nil {
		return err
	}
	if err := chownTree(dir, int(credential.Uid), int(credential.Gid)); err != nil {
		return err
	}
	probe := exec.CommandContext(ctx, "/usr/bin/test", "-x", dir)
	probe.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if err := probe.Run(); err != nil {
		return fmt.Errorf("the user postgres cannot enter %s (%w): run this as an ordinary user, or from a path "+
			"whose directories others may pass (chmod o+x), or allow user namespaces (sysctl user.max_user_namespaces)", dir, err)
	}
	return nil
}

func postgresUser() (*syscall.Credential, error) {
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w; run deploy/local/install.sh", err)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
