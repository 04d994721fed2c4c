package tenantcache

// Gate shows the table's lock to tests.
type Gate struct{ g gate }

// Enter lets a reader in; leave lets it out.
func (g *Gate) Enter(hash uint64) (leave func()) { return g.g.enter(hash).RUnlock }

// TryClose is one try of Close.
func (g *Gate) TryClose() bool { return g.g.tryClose() }

// Close keeps readers out until open.
func (g *Gate) Close() (open func()) {
	g.g.close()
	return g.g.open
}
