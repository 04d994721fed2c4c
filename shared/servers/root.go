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

	"golang.org/x/sys/unix"
)

// Postgres and PgBouncer refuse to run as uid 0. Root runs them in a user
// namespace in which it appears as an ordinary user: files stay root's on
// disk, so their directory may lie under any path, also one that no other
// user could enter. Where that is forbidden, as in many containers, they run as
// Debian's postgres user, who gets the directory, and of root's rights the one
// to pass the directories above it.

// anywhere is the working directory of programs that do not run as root: the
// right to pass directories is theirs only once they run.
const anywhere = "/"

// dropRoot makes the process run under another uid than 0.
func dropRoot(attr *syscall.SysProcAttr) error {
	credential, err := postgresUser()
	if err != nil {
		return err
	}
	if namespacesWork() {
		// initdb looks its user up, so it must be one that the system knows.
		enterNamespace(attr, credential)
	} else {
		attr.Credential = credential
		attr.AmbientCaps = []uintptr{unix.CAP_DAC_OVERRIDE}
	}
	return nil
}

// enterNamespace makes root, and nobody else, appear as the given user.
func enterNamespace(attr *syscall.SysProcAttr, as *syscall.Credential) {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(as.Uid), HostID: 0, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(as.Gid), HostID: 0, Size: 1}}
}

// namespacesWork tries it once: there is no other reliable way to know.
var namespacesWork = sync.OnceValue(func() bool {
	cmd := exec.Cmd{Path: "/bin/true", SysProcAttr: &syscall.SysProcAttr{}}
	enterNamespace(cmd.SysProcAttr, &syscall.Credential{Uid: 1, Gid: 1})
	return cmd.Run() == nil
})

// handOver gives a directory to the uid that its server will run under, and
// makes sure that uid can reach it. It changes nothing where that uid is ours.
func handOver(ctx context.Context, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	if namespacesWork() {
		return takeBack(dir)
	}
	credential, err := postgresUser()
	if err != nil {
		return err
	}
	if err := chownTree(dir, int(credential.Uid), int(credential.Gid)); err != nil {
		return err
	}
	probe := exec.CommandContext(ctx, "/bin/sh", "-c", `cd "$0"`, dir)
	probe.Dir, probe.SysProcAttr = anywhere, &syscall.SysProcAttr{}
	if err := dropRoot(probe.SysProcAttr); err != nil {
		return err
	}
	if err := probe.Run(); err != nil {
		return fmt.Errorf("the user postgres cannot enter %s (%w): run this as an ordinary user, or from a path "+
			"whose directories others may pass (chmod o+x), or allow user namespaces (sysctl user.max_user_namespaces)", dir, err)
	}
	return nil
}

// takeBack makes a directory root's again that was handed over when there were
// no namespaces.
func takeBack(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid == 0 {
		return nil
	}
	return chownTree(dir, 0, 0)
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

// handOverFile gives a single file, written while its server may be running, to
// whoever runs the server.
func handOverFile(path string) error {
	if os.Geteuid() != 0 || namespacesWork() {
		return nil
	}
	credential, err := postgresUser()
	if err != nil {
		return err
	}
	return os.Chown(path, int(credential.Uid), int(credential.Gid))
}
