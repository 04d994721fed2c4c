// Command check proves what can be proven of terraform/ without a cloud. It works
// on a copy, so that nothing is left beside the sources.
//
//	files      every module has the same files; roots that must not differ do not
//	cells      cell.yaml fits the schema, the schema fits the module, ranges do not overlap
//	tests      terraform init, validate and test, module after module
//	refusals   every validation is seen to refuse something, with its own message
//	policies   what must be true of every plan (private, encrypted, least privilege, …)
//	mutants    each policy is broken in the sources once, and must be noticed
//	lint       tflint with every rule
//
// The policies read the plans that `terraform test -json -verbose` prints; with
// mock_provider those need no credentials and touch nothing.
package main
