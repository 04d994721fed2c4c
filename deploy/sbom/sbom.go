package sbom

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// Document is the part of SPDX 2.3 that is written here.
type Document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	SPDXID            string         `json:"SPDXID"`
	Name              string         `json:"name"`
	DocumentNamespace string         `json:"documentNamespace"`
	CreationInfo      CreationInfo   `json:"creationInfo"`
	Packages          []Package      `json:"packages"`
	Relationships     []Relationship `json:"relationships"`
}

// CreationInfo says when and by what the document was made.
type CreationInfo struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

// Package is the program or a module in it.
type Package struct {
	SPDXID           string        `json:"SPDXID"`
	Name             string        `json:"name"`
	VersionInfo      string        `json:"versionInfo,omitempty"`
	DownloadLocation string        `json:"downloadLocation"`
	FilesAnalyzed    bool          `json:"filesAnalyzed"`
	Checksums        []Checksum    `json:"checksums,omitempty"`
	ExternalRefs     []ExternalRef `json:"externalRefs,omitempty"`
	LicenseConcluded string        `json:"licenseConcluded"`
	LicenseDeclared  string        `json:"licenseDeclared"`
	CopyrightText    string        `json:"copyrightText"`
	Comment          string        `json:"comment,omitempty"`
}

// Checksum is of a package's bytes.
type Checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

// ExternalRef names a package as databases of vulnerabilities do.
type ExternalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

// Relationship connects two of the document's elements.
type Relationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

// unknown is what SPDX says of what was not looked into.
const unknown = "NOASSERTION"

// Of reads the program at a path. The document says that it was created then.
func Of(program string, created time.Time) (Document, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", program, err)
	}
	if info.Main.Path == "" {
		return Document{}, fmt.Errorf("%s: it does not say which modules it was built from", program)
	}
	sum, err := checksum(program)
	if err != nil {
		return Document{}, err
	}
	name := filepath.Base(program)
	main := Package{
		SPDXID: "SPDXRef-program", Name: name, VersionInfo: info.Main.Version, DownloadLocation: unknown,
		Checksums:        []Checksum{{"SHA256", sum}},
		LicenseConcluded: unknown, LicenseDeclared: unknown, CopyrightText: unknown,
		Comment: info.Path + ", compiled by " + info.GoVersion,
	}
	d := Document{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", Name: name,
		DocumentNamespace: "https://" + path.Join(info.Main.Path, "sbom", name, sum),
		CreationInfo:      CreationInfo{created.UTC().Format(time.RFC3339), []string{"Tool: " + info.Main.Path + "/deploy/sbom"}},
		Packages:          []Package{main, standardLibrary(info.GoVersion)},
		Relationships:     []Relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", main.SPDXID}, {main.SPDXID, "CONTAINS", "SPDXRef-stdlib"}},
	}
	for i, module := range info.Deps {
		p := packageOf(i, module)
		d.Packages = append(d.Packages, p)
		d.Relationships = append(d.Relationships, Relationship{main.SPDXID, "CONTAINS", p.SPDXID})
	}
	return d, nil
}

// Write writes the document, indented.
func (d Document) Write(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

func checksum(program string) (sum string, err error) {
	file, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func standardLibrary(version string) Package {
	number := strings.TrimPrefix(strings.Fields(version)[0], "go")
	return Package{
		SPDXID: "SPDXRef-stdlib", Name: "stdlib", VersionInfo: number, DownloadLocation: "https://go.dev/dl/",
		ExternalRefs:     []ExternalRef{{"PACKAGE-MANAGER", "purl", "pkg:golang/stdlib@" + number}},
		LicenseConcluded: unknown, LicenseDeclared: "BSD-3-Clause", CopyrightText: unknown,
	}
}

// packageOf describes a module; one that was replaced as what replaced it.
func packageOf(i int, module *debug.Module) Package {
	comment := ""
	if module.Replace != nil {
		comment = "in place of " + module.Path + "@" + module.Version
		module = module.Replace
	}
	if module.Sum != "" {
		comment = strings.TrimPrefix(comment+"; go.sum: "+module.Sum, "; ")
	}
	return Package{
		SPDXID: fmt.Sprintf("SPDXRef-module-%d", i), Name: module.Path, VersionInfo: module.Version,
		DownloadLocation: unknown,
		ExternalRefs:     []ExternalRef{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + module.Path + "@" + module.Version}},
		LicenseConcluded: unknown, LicenseDeclared: unknown, CopyrightText: unknown, Comment: comment,
	}
}
