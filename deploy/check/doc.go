// Command check proves what can be proven of deploy/ without a cluster and without
// Docker.
//
//	manifests     every overlay is built by Kustomize and decoded strictly into Kubernetes' own types
//	judgements    what must be true of each: flags that the programs have, Pod Security, probes, grace, …
//	connectivity  who may speak to whom, computed from the policies, against connectivity.txt
//	mutants       each judgement is broken in the sources once, and must be noticed
//	apply         the script that gives a cell a version, with a stand-in for kubectl
//	images        Dockerfiles by BuildKit's parser, Compose by its own loader, binaries compiled twice
//
// Sources are read into memory once; nothing is written beside them.
package main
