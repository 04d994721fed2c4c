package placement_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/placement"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type change func(*controlplane.Cell)

func cell(id string, changes ...change) controlplane.Cell {
	c := controlplane.Cell{
		ID: id, State: directory.CellActive,
		CellRegistration: controlplane.CellRegistration{Region: "us", Tier: "standard", CapacityTenants: 100},
		Heartbeat:        controlplane.Heartbeat{At: now.Add(-time.Second), CPU: 0.5},
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func tenants(n int) change { return func(c *controlplane.Cell) { c.AssignedTenants = n } }
func counted(n int) change { return func(c *controlplane.Cell) { c.Heartbeat.Tenants = n } }
func cpu(x float64) change { return func(c *controlplane.Cell) { c.Heartbeat.CPU = x } }

func measured(rate float64) change {
	return func(c *controlplane.Cell) { c.Measured.RequestsPerSecond = rate }
}

func answers(rate float64) change {
	return func(c *controlplane.Cell) { c.Heartbeat.RequestsPerSecond = rate }
}

func in(region string) change { return func(c *controlplane.Cell) { c.Region = region } }
func tier(name string) change { return func(c *controlplane.Cell) { c.Tier = name } }
func heard(ago time.Duration) change {
	return func(c *controlplane.Cell) { c.Heartbeat.At = now.Add(-ago) }
}
func state(s directory.CellState) change { return func(c *controlplane.Cell) { c.State = s } }

func TestChoose(t *testing.T) {
	t.Parallel()
	standard := placement.Wish{Tier: "standard"}
	for _, c := range []struct {
		name  string
		cells []controlplane.Cell
		wish  placement.Wish
		want  string // "" for none
	}{
		{"the emptier", []controlplane.Cell{cell("a", tenants(50)), cell("b", tenants(10))}, standard, "b"},
		{"the idler", []controlplane.Cell{cell("a", cpu(0.9)), cell("b", cpu(0.1))}, standard, "b"},
		{"what the cell counts, counts", []controlplane.Cell{cell("a", counted(50)), cell("b", tenants(10))}, standard, "b"},
		{"a tie goes to the first", []controlplane.Cell{cell("b"), cell("a")}, standard, "a"},
		{"a tie goes to fewer tenants", []controlplane.Cell{cell("a", cpu(1), tenants(2)), cell("b", cpu(1), tenants(1))}, standard, "b"},
		{"residency before load", []controlplane.Cell{cell("a"), cell("b", in("eu"), tenants(99))}, placement.Wish{Tier: "standard", Region: "eu"}, "b"},
		{"tier", []controlplane.Cell{cell("a"), cell("b", tier("enterprise"), tenants(99))}, placement.Wish{Tier: "enterprise"}, "b"},
		{"by name", []controlplane.Cell{cell("a"), cell("b", tenants(99))}, placement.Wish{Tier: "standard", Cell: "b"}, "b"},
		{"never cordoned", []controlplane.Cell{cell("a", state(directory.CellCordoned)), cell("b", tenants(99))}, standard, "b"},
		{"never cordoned, by name either", []controlplane.Cell{cell("a", state(directory.CellCordoned))}, placement.Wish{Tier: "standard", Cell: "a"}, ""},
		{"never draining", []controlplane.Cell{cell("a", state(directory.CellDraining))}, standard, ""},
		{"never provisioning", []controlplane.Cell{cell("a", state(directory.CellProvisioning))}, standard, ""},
		{"never full", []controlplane.Cell{cell("a", tenants(100))}, standard, ""},
		{"never at its measured limit", []controlplane.Cell{cell("a", measured(100), answers(100)), cell("b", tenants(99))}, standard, "b"},
		{"the one that answers less of what it can", []controlplane.Cell{cell("a", cpu(0), measured(100), answers(60)), cell("b", cpu(0), measured(1000), answers(500))}, standard, "b"},
		{"a processor busier than the requests say", []controlplane.Cell{cell("a", cpu(0.9), measured(100), answers(1)), cell("b", cpu(0.5))}, standard, "b"},
		{"just heard of", []controlplane.Cell{cell("a", heard(15*time.Second))}, standard, "a"},
		{"never silent", []controlplane.Cell{cell("a", heard(15*time.Second+1))}, standard, ""},
		{"never heard of", []controlplane.Cell{cell("a", func(c *controlplane.Cell) { c.Heartbeat = controlplane.Heartbeat{} })}, standard, ""},
		{"no cells", nil, standard, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := placement.Choose(c.cells, c.wish, now)
			if got.Cell.ID != c.want || (err == nil) != (c.want != "") {
				t.Fatalf("%q, %v", got.Cell.ID, err)
			}
			if err == nil && !strings.Contains(got.Reason, "headroom") {
				t.Errorf("reason %q", got.Reason)
			}
			if err != nil && fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("code of %v", err)
			}
			for _, cell := range c.cells {
				if err != nil && !strings.Contains(err.Error(), cell.ID+": is ") {
					t.Errorf("no reason for %s in %v", cell.ID, err)
				}
			}
		})
	}
}

// A region that no cell has is the wish's fault; one whose cells are all busy is not.
func TestARegionWithoutCells(t *testing.T) {
	t.Parallel()
	cells := []controlplane.Cell{cell("a", in("us")), cell("b", in("eu"), state(directory.CellCordoned)), cell("c", in("us"))}
	for region, code := range map[string]fault.Code{"mars": fault.Invalid, "eu": fault.Unavailable, "us": ""} {
		_, err := placement.Choose(cells, placement.Wish{Tier: "standard", Region: region}, now)
		if fault.CodeOf(err) != code {
			t.Errorf("%s: %v, want %q", region, err, code)
		}
		if code == fault.Invalid && !strings.Contains(err.Error(), "/region: use one of eu, us") {
			t.Errorf("%s: %v", region, err)
		}
	}
}

func anyCell(t *rapid.T, id string) controlplane.Cell {
	return cell(id,
		tenants(rapid.IntRange(0, 110).Draw(t, "tenants")), cpu(rapid.Float64Range(0, 1).Draw(t, "cpu")),
		in(rapid.SampledFrom([]string{"us", "eu"}).Draw(t, "region")), tier(rapid.SampledFrom([]string{"standard", "enterprise"}).Draw(t, "tier")),
		heard(time.Duration(rapid.IntRange(0, 30).Draw(t, "heard"))*time.Second),
		state(rapid.SampledFrom([]directory.CellState{directory.CellActive, directory.CellCordoned, directory.CellDraining}).Draw(t, "state")))
}

func TestAChoiceIsAlwaysAllowedAndNoneIsBetter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cells := make([]controlplane.Cell, rapid.IntRange(0, 8).Draw(t, "cells"))
		for i := range cells {
			cells[i] = anyCell(t, fmt.Sprintf("cell-%d", i))
		}
		wish := placement.Wish{Tier: rapid.SampledFrom([]string{"standard", "enterprise"}).Draw(t, "wanted tier"), Region: rapid.SampledFrom([]string{"", "us", "eu"}).Draw(t, "wanted region")}
		allowed := func(c *controlplane.Cell) bool {
			return c.State == directory.CellActive && c.Tier == wish.Tier && (wish.Region == "" || c.Region == wish.Region) &&
				c.AssignedTenants < c.CapacityTenants && now.Sub(c.Heartbeat.At) <= 15*time.Second
		}
		got, err := placement.Choose(cells, wish, now)
		for i := range cells {
			switch {
			case !allowed(&cells[i]):
			case err != nil:
				t.Fatalf("%s would have done: %v", cells[i].ID, err)
			case cells[i].Headroom() > got.Cell.Headroom():
				t.Fatalf("%s has more headroom than %s", cells[i].ID, got.Cell.ID)
			}
		}
		if err == nil && !allowed(&got.Cell) {
			t.Fatalf("%+v is not allowed", got.Cell)
		}
	})
}

// A burst between two heartbeats must spread, although the measured CPU differs.
func TestABurstSpreads(t *testing.T) {
	t.Parallel()
	cells := []controlplane.Cell{cell("a", cpu(0.30)), cell("b", cpu(0.32)), cell("c", cpu(0.35))}
	for i := range cells {
		cells[i].CapacityTenants = 10_000
	}
	got := map[string]int{}
	for range 3000 {
		d, err := placement.Choose(cells, placement.Wish{Tier: "standard"}, now)
		if err != nil {
			t.Fatal(err)
		}
		got[d.Cell.ID]++
		for i := range cells {
			if cells[i].ID == d.Cell.ID {
				cells[i].AssignedTenants++
			}
		}
	}
	for _, c := range cells {
		if got[c.ID] < 500 {
			t.Errorf("%s got %d of 3000", c.ID, got[c.ID])
		}
	}
}
