package cellfiles

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/coditect/platform/shared/fault"
)

// What differs between two cells on Kubernetes follows from the same cell.yaml and
// fleet.yaml that Terraform reads. The templates have one file each of an overlay.
//
//go:embed overlay/*
var overlayFiles embed.FS

var overlayTemplates = template.Must(template.New("").ParseFS(overlayFiles, "overlay/*"))

// Overlay is where a cell's overlay was written.
type Overlay struct{ Dir string }

// RewriteOverlay writes the Kubernetes overlay of the cell whose directory is in
// cellsDir, again or for the first time, into overlaysDir. The digests of images
// that stand there already are kept. Faults: not_found (no such cell), malformed
// (cell.yaml or fleet.yaml cannot be read). On any error nothing is changed.
func RewriteOverlay(cellsDir, overlaysDir, id string) (Overlay, error) {
	made := Overlay{Dir: filepath.Join(overlaysDir, id)}
	if !idPattern.MatchString(id) {
		return Overlay{}, fault.New(fault.Invalid, "%q cannot be a cell's id: use 2 to 20 lower-case letters, digits and hyphens, beginning with a letter", id)
	}
	text, err := os.ReadFile(filepath.Join(cellsDir, id, cellFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Overlay{}, fault.Wrap(err, fault.NotFound, "there is no %s in %s: scaffold the cell first", filepath.Join(id, cellFile), cellsDir)
	}
	if err != nil {
		return Overlay{}, err
	}
	files, err := overlay(cellsDir, text)
	if err != nil {
		return Overlay{}, err
	}
	before, err := os.ReadFile(filepath.Join(made.Dir, kustomization))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Overlay{}, err
	}
	files[kustomization] = keepDigests(files[kustomization], before)
	for name, content := range files {
		if err := writeFile(filepath.Join(made.Dir, name), content); err != nil {
			return Overlay{}, err
		}
	}
	return made, nil
}

const kustomization = "kustomization.yaml"

// overlay renders the files of an overlay, by name.
func overlay(cellsDir string, cellYAML []byte) (map[string][]byte, error) {
	f, err := facts(filepath.Join(filepath.Dir(cellsDir), "fleet.yaml"), cellYAML)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, t := range overlayTemplates.Templates() {
		var text bytes.Buffer
		if err := t.Execute(&text, f); err != nil {
			return nil, err
		}
		files[t.Name()] = text.Bytes()
	}
	return files, nil
}

// cellFacts is what templates of an overlay know.
type cellFacts struct {
	ID       string
	Project  string
	Region   string
	Tier     string
	CIDR     string
	Capacity int `yaml:"capacity_tenants"`
	Database struct{ Kind string }

	Fleet fleetFacts `yaml:"-"`
}

type fleetFacts struct {
	Domain       string
	SMTP         string
	ControlPlane struct{ URL, CIDR string } `yaml:"control_plane"`
	Routers      map[string]string
	Images       map[string]string
}

func facts(fleetFile string, cellYAML []byte) (cellFacts, error) {
	// The defaults are those of terraform/modules/cell.
	f := cellFacts{Tier: "standard", Capacity: 10000}
	f.Database.Kind = "postgres"
	if err := yaml.Unmarshal(cellYAML, &f); err != nil {
		return cellFacts{}, fault.Wrap(err, fault.Malformed, "%s: %v", cellFile, err)
	}
	if _, err := netip.ParsePrefix(f.CIDR); err != nil {
		return cellFacts{}, fault.Wrap(err, fault.Malformed, "%s: %q is no network; correct its cidr first", cellFile, f.CIDR)
	}
	text, err := os.ReadFile(fleetFile)
	if err != nil {
		return cellFacts{}, fault.Wrap(err, fault.NotFound, "what all cells have in common is not there: %s", fleetFile)
	}
	if err := yaml.Unmarshal(text, &f.Fleet); err != nil {
		return cellFacts{}, fault.Wrap(err, fault.Malformed, "%s: %v", fleetFile, err)
	}
	if _, err := netip.ParsePrefix(f.Fleet.ControlPlane.CIDR); err != nil {
		return cellFacts{}, fault.Wrap(err, fault.Malformed, "%s: control_plane.cidr: %v", fleetFile, err)
	}
	if f.Fleet.Domain == "" || f.Fleet.SMTP == "" || f.Fleet.ControlPlane.URL == "" || len(f.Fleet.Routers) == 0 || f.Fleet.Images["psql"] == "" {
		return cellFacts{}, fault.New(fault.Malformed, "%s: domain, smtp, control_plane, routers and images must be said", fleetFile)
	}
	return f, nil
}

// Citus says where the cell's database is.
func (f cellFacts) Citus() bool { return f.Database.Kind == "citus" }

// Registry is where images are pulled from: where those of the fleet stand.
func (f cellFacts) Registry() string { return path.Dir(f.Fleet.Images["psql"]) }

// Within returns a part of the cell's network as terraform/modules/network cuts it:
// the /16 with its last two octets replaced, as in Within("16.0/24").
func (f cellFacts) Within(rest string) string { return within(f.CIDR, rest) }

func within(cidr, rest string) string {
	octets := strings.SplitN(cidr, ".", 3)
	return fmt.Sprintf("%s.%s.%s", octets[0], octets[1], rest)
}

// loadBalancer is where a network's is: near the end of the nodes' range, which
// nodes fill from the beginning. Terraform reserves it.
const loadBalancer = "15.250"

// Address is that of the cell's load balancer.
func (f cellFacts) Address() string { return f.Within(loadBalancer) }

// ControlPlaneAddress is that of the control plane's.
func (f cellFacts) ControlPlaneAddress() string {
	return within(f.Fleet.ControlPlane.CIDR, loadBalancer)
}

// ControlPlaneHost is the name by which the control plane is called.
func (f cellFacts) ControlPlaneHost() (string, error) {
	u, err := url.Parse(f.Fleet.ControlPlane.URL)
	if err != nil {
		return "", err
	}
	return u.Hostname(), nil
}

var digestLine = regexp.MustCompile(`(?m)^(  - name: (\S+)\n    newName: \S+\n    digest: )(sha256:[0-9a-f]{64})$`)

// keepDigests puts the digests of before into fresh, image by image.
func keepDigests(fresh, before []byte) []byte {
	kept := map[string][]byte{}
	for _, m := range digestLine.FindAllSubmatch(before, -1) {
		kept[string(m[2])] = m[3]
	}
	return digestLine.ReplaceAllFunc(fresh, func(entry []byte) []byte {
		m := digestLine.FindSubmatch(entry)
		if digest := kept[string(m[2])]; digest != nil {
			return append(bytes.Clone(m[1]), digest...)
		}
		return entry
	})
}

// secretClass is what one workload finds as files.
type secretClass struct {
	Workload string
	Names    []string
}

// Secrets says who reads which; terraform/modules/cell permits just that.
func (f cellFacts) Secrets() []secretClass {
	classes := []secretClass{
		{"api", []string{"database-url", "mover-database-url", "redis-url", "edge-key", "control-key", "controlplane-token"}},
		{"worker", []string{"database-url", "relay-database-url", "redis-url", "amqp-url"}},
		{"schema", []string{"owner-database-url", "app-password", "relay-password", "mover-password"}},
	}
	if !f.Citus() {
		classes = append(classes, secretClass{"pooler", []string{"pooler-users"}})
	}
	return classes
}

// File is the name of the file that a secret becomes.
func (cellFacts) File(secret string) string {
	if secret == "pooler-users" {
		return "userlist.txt" // as PgBouncer calls it
	}
	return secret
}
