package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// dockerfiles reads each as BuildKit does, and looks at what every final stage is.
func (c *checker) dockerfiles() {
	dir := filepath.Join(c.root, "deploy", "docker")
	paths, err := filepath.Glob(filepath.Join(dir, "*Dockerfile"))
	if err != nil || len(paths) < 2 {
		c.fail("dockerfiles: %d in %s, %v", len(paths), dir, err)
	}
	for _, path := range paths {
		c.report(filepath.Base(path), dockerfile(path))
	}
}

func dockerfile(path string) (findings []string) {
	find := finder("dockerfile", &findings)
	text, err := os.ReadFile(path)
	if err != nil {
		return []string{err.Error()}
	}
	tree, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return []string{err.Error()}
	}
	for _, w := range tree.Warnings {
		find("%s", w.Short)
	}
	stages, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		return append(findings, err.Error())
	}
	for _, stage := range stages {
		if stage.Name == "build" {
			continue
		}
		user, entry := "", false
		for _, command := range stage.Commands {
			switch command := command.(type) {
			case *instructions.UserCommand:
				user = command.User
			case *instructions.EntrypointCommand:
				entry = !command.PrependShell
			}
		}
		if !strings.HasPrefix(user, "65532") {
			find("stage %q runs as %q", stage.Name, user)
		}
		if !entry {
			find("stage %q has no entry point, or begins it by a shell", stage.Name)
		}
	}
	return findings
}

// compose loads the file as Docker does, strictly, and looks at what our own
// programs are started with.
func (c *checker) compose(ctx context.Context) {
	var findings []string
	find := finder("compose", &findings)
	path := filepath.Join(c.root, "deploy", "compose", "compose.yaml")
	project, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir: filepath.Dir(path), ConfigFiles: []types.ConfigFile{{Filename: path}}, Environment: composeVariables(path),
	}, func(o *loader.Options) { o.SetProjectName("platform", true) })
	if err != nil {
		c.report("compose.yaml", []string{err.Error()})
		return
	}
	c.hydraIsKept(project, find)
	citus := false
	for name, service := range project.Services {
		citus = citus || strings.Contains(service.Image, "citusdata/citus")
		if strings.HasSuffix(service.Image, ":latest") || !strings.Contains(service.Image, ":") {
			find("%s runs an image without a version: %s", name, service.Image)
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				find("%s is open to the network at port %s", name, port.Published)
			}
		}
		if p := c.known[composedProgram(service)]; p != nil {
			composedCommand(p, name, service, find)
		}
	}
	if !citus {
		find("no cell is on Citus")
	}
	c.report("compose.yaml", findings)
}

// hydraIsKept: Hydra is of the version that is tested, and nobody outside reaches its
// admin port, which asks for no credential.
func (c *checker) hydraIsKept(project *types.Project, find func(string, ...any)) {
	for name, service := range project.Services {
		if composedProgram(service) != "hydra" {
			continue
		}
		_, version, _ := strings.Cut(service.Image, ":")
		if filepath.Base(c.hydra) != "hydra-"+version {
			find("%s runs Hydra %s, and %s is tested", name, version, filepath.Base(c.hydra))
		}
		for _, port := range service.Ports {
			if port.Target == hydraAdminPort {
				find("%s opens the admin port", name)
			}
		}
	}
}

// hydraAdminPort is Hydra's own default, here as in a cluster.
const hydraAdminPort = 4445

// composedProgram is what a container runs: what we build, or what an image is named after.
func composedProgram(service types.ServiceConfig) string {
	if service.Build != nil {
		return service.Build.Target
	}
	path, _, _ := strings.Cut(service.Image, ":")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func composedCommand(p *program, name string, service types.ServiceConfig, find func(string, ...any)) {
	command, flags := p.find(service.Command)
	if command == nil {
		find("%s runs %q, which is no command of %s", name, service.Command, composedProgram(service))
		return
	}
	for _, arg := range flags {
		flag, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !strings.HasPrefix(arg, "--") || !command.flags[flag] {
			find("%s has the flag %s, which the command does not have", name, arg)
		}
	}
	for variable := range service.Environment {
		if ownVariable(variable) && !command.variables[variable] {
			find("%s sets %s, which the command does not read", name, variable)
		}
	}
}

// composeVariables gives every variable that the file names a value: those are
// secrets that deploy/compose/up makes.
func composeVariables(path string) types.Mapping {
	text, _ := os.ReadFile(path) // loading says what is wrong
	values := types.Mapping{}
	for _, m := range composeVariable.FindAllStringSubmatch(string(text), -1) {
		values[m[1]] = "x"
	}
	return values
}

// reproducible compiles the programs twice, from copies of the sources in different
// directories, and compares the bytes.
func (c *checker) reproducible(ctx context.Context) {
	var sums [2]string
	for i := range sums {
		sum, err := c.compileCopy(ctx)
		if err != nil {
			c.fail("reproducible: %v", err)
			return
		}
		sums[i] = sum
	}
	var findings []string
	if sums[0] != sums[1] {
		findings = append(findings, fmt.Sprintf("two compilations of the same sources differ:\n%s\n%s", sums[0], sums[1]))
	}
	c.report("reproducible", findings)
}

// compiled are the parts of the repository that the programs are made of.
var compiled = []string{"cell", "controlplane", "router", "shared", "deploy/docker"}

func (c *checker) compileCopy(ctx context.Context) (sums string, err error) {
	dir, err := os.MkdirTemp("", "reproducible-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a copy in the system's own directory for such
	for _, part := range compiled {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(c.root, part))); err != nil {
			return "", err
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(c.root, file))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil { //nolint:gosec // G703: a copy in a directory just made, of names that stand above
			return "", err
		}
	}
	out := filepath.Join(dir, "out")
	compile := exec.CommandContext(ctx, filepath.Join(dir, "deploy", "docker", "compile"), out)
	if said, err := compile.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile: %w: %s", err, said)
	}
	var lines []string
	err = fs.WalkDir(os.DirFS(out), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(out, name))
		lines = append(lines, fmt.Sprintf("%s %x", name, sha256.Sum256(text)))
		return err
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n"), err
}

var composeVariable = regexp.MustCompile(`\$\{([A-Z_]+)`)
