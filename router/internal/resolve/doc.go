// Package resolve turns what a client said — Host and credential — into the
// one directory key that leads to its tenant. It is pure, and for host names it
// allocates nothing.
//
//	Host                        key
//	{slug}.<domain>             slug
//	the API host                the tenant id inside the bearer key cdt_<id>_<secret>
//	any other full host name    custom domain
//
// A key is a hint about where to look, never a proof: the credential is
// verified by the tenant's own cell, in that tenant's context.
package resolve
