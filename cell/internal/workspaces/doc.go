// Package workspaces is what the product does for a tenant: organization,
// users, workspaces, projects, and a look at what happened.
//
// Each use-case checks the rules that the API's schema cannot tell, makes ids
// and audit entries, and leaves the rest to one transaction of its store, which
// also judges the caller's rights: a key is only known inside the tenant's own
// context.
package workspaces
