# terraform/tf gives the bucket, and as prefix the directory's own path: a state
# cannot be another root's by a copied line.

terraform {
  backend "gcs" {}
}
