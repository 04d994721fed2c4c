// Package blob keeps files in object storage: in a directory, in Google Cloud
// Storage or in S3, by its URL. Keys begin with the tenant's id, so that what is
// a tenant's can be found, moved and removed.
package blob
