// Package recovery makes the directory and the cells agree again after one of
// them was restored from a backup, and brings single tenants back from one.
//
// # Who is right
//
// Ownership is numbered: a tenant's epoch grows by one exactly when it changes
// cell, in the directory first. So of two facts about a tenant the one with the
// higher epoch is the later one, whoever states it, and the rules ([Judge],
// [Gather]) are functions of what the two sides say:
//
//	cell restored       the directory decides. Fences of an earlier epoch depart to where the
//	                    tenant lives now; what the directory has in the cell and the cell has not
//	                    is lost, and is named.
//	directory restored  the cells decide. The highest epoch of a tenant is where it lives.
//
// What no rule decides (two cells that hold a tenant under one epoch, a fence
// with a higher epoch than the directory's) is named and left as it is.
//
// # Invariant
//
// A restored cell serves nobody (its package standing sees to that) until every
// fence that the rules decide is right. Its migrations end first, in the
// directory: what that says then stays true while fences are changed. Everything
// may be repeated, also after a crash in between.
//
// The highest facts of a directory that was lost are its versions: routers never
// let an older one replace a newer one. A rebuilt directory goes on at the time
// in milliseconds, which no count of changes reaches.
package recovery
