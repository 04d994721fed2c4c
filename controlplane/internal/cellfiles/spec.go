package cellfiles

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/coditect/platform/shared/fault"
)

// Spec is what a new cell is to be. Only ID and Region have no default.
type Spec struct {
	ID            string
	Region        string
	Zones         []string // three; none: the region's usual ones
	BackupRegion  string   // "": the usual neighbour
	Project       string   // "": coditect-ID
	ProjectNumber string   // "": left open, for the project may not be there yet
	Tier          string
	Database      string // postgres or citus
	CIDR          string // "": the lowest /16 that is free
}

var (
	idPattern      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,18}[a-z0-9]$`)
	regionPattern  = regexp.MustCompile(`^[a-z]+-[a-z]+[0-9]{1,2}$`)
	projectPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	numberPattern  = regexp.MustCompile(`^[0-9]{6,20}$`)
	tierPattern    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,38}[a-z0-9]$`)
)

// zonesOf lists the regions whose zones are not a, b and c.
var zonesOf = map[string]string{"us-east1": "bcd", "europe-west1": "bcd"}

// neighbours are where copies go by default: near, of the same jurisdiction, and
// not the same region.
var neighbours = map[string]string{
	"us-central1": "us-east1", "us-east1": "us-central1", "us-east4": "us-central1", "us-west1": "us-central1", "us-west2": "us-west1",
	"europe-west1": "europe-west4", "europe-west2": "europe-west1", "europe-west3": "europe-west4", "europe-west4": "europe-west1", "europe-north1": "europe-west4",
	"asia-northeast1": "asia-northeast2", "asia-northeast2": "asia-northeast1", "asia-southeast1": "asia-southeast2", "asia-south1": "asia-south2",
	"australia-southeast1": "australia-southeast2", "northamerica-northeast1": "northamerica-northeast2", "southamerica-east1": "southamerica-west1",
}

// complete fills the defaults in and says what is wrong, and what to write instead.
func (s *Spec) complete() error {
	if len(s.Zones) == 0 {
		letters := zonesOf[s.Region]
		if letters == "" {
			letters = "abc"
		}
		for _, letter := range letters {
			s.Zones = append(s.Zones, s.Region+"-"+string(letter))
		}
	}
	if s.BackupRegion == "" {
		s.BackupRegion = neighbours[s.Region]
	}
	if s.Project == "" {
		s.Project = "coditect-" + s.ID
	}
	switch {
	case !idPattern.MatchString(s.ID):
		return fault.New(fault.Invalid, "%q cannot be a cell's id: use 2 to 20 lower-case letters, digits and hyphens, beginning with a letter", s.ID)
	case !regionPattern.MatchString(s.Region):
		return fault.New(fault.Invalid, "%q is no region: write it like us-central1, without a zone", s.Region)
	case !s.zonesFit():
		return fault.New(fault.Invalid, "a cell stands in three different zones of its region, not in %s", strings.Join(s.Zones, ", "))
	case s.BackupRegion == "":
		return fault.New(fault.Invalid, "no neighbour of %s is known: name the region of its copies with --backup-region", s.Region)
	case !regionPattern.MatchString(s.BackupRegion) || s.BackupRegion == s.Region:
		return fault.New(fault.Invalid, "%q cannot hold the copies: use a region other than %s", s.BackupRegion, s.Region)
	case !projectPattern.MatchString(s.Project):
		return fault.New(fault.Invalid, "%q is no project id: use 6 to 30 lower-case letters, digits and hyphens", s.Project)
	case s.ProjectNumber != "" && !numberPattern.MatchString(s.ProjectNumber):
		return fault.New(fault.Invalid, "%q is no project number: gcloud projects describe %s shows it", s.ProjectNumber, s.Project)
	case !tierPattern.MatchString(s.Tier):
		return fault.New(fault.Invalid, "%q is no tier: use lower-case letters, digits and hyphens", s.Tier)
	case s.Database != "postgres" && s.Database != "citus":
		return fault.New(fault.Invalid, "%q is no database: use postgres (up to 10,000 tenants) or citus", s.Database)
	}
	return nil
}

func (s *Spec) zonesFit() bool {
	seen := map[string]bool{}
	for _, zone := range s.Zones {
		letter, ok := strings.CutPrefix(zone, s.Region+"-")
		if !ok || len(letter) != 1 || letter < "a" || letter > "z" {
			return false
		}
		seen[zone] = true
	}
	return len(s.Zones) == 3 && len(seen) == 3
}

// cells has the addresses of all cells; routers and the control plane have the
// other half of 10.0.0.0/8.
var cells = netip.MustParsePrefix("10.0.0.0/9")

const networkBits = 16

// network picks the cell's network, or checks the one that was asked for.
func (s *Spec) network(taken map[string]netip.Prefix) error {
	if s.CIDR == "" {
		for second := range 128 {
			free := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(second), 0, 0}), networkBits)
			if overlapped(free, taken) == "" {
				s.CIDR = free.String()
				return nil
			}
		}
		return fault.New(fault.Conflict, "all 128 networks of %s are taken: remove the directories of retired cells", cells)
	}
	asked, err := netip.ParsePrefix(s.CIDR)
	if err != nil || asked.Bits() != networkBits || asked != asked.Masked() || !cells.Contains(asked.Addr()) {
		return fault.New(fault.Invalid, "%q cannot be a cell's network: use a /16 from 10.0.0.0/16 to 10.127.0.0/16", s.CIDR)
	}
	if other := overlapped(asked, taken); other != "" {
		return fault.New(fault.Conflict, "%s overlaps the network of %s (%s): leave --cidr out for a free one", s.CIDR, other, taken[other])
	}
	return nil
}

func overlapped(network netip.Prefix, taken map[string]netip.Prefix) string {
	for id, other := range taken {
		if network.Overlaps(other) {
			return id
		}
	}
	return ""
}
