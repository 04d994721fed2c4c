// Package billing is a tenant's door to what it buys, pays and uses.
//
// Who calls is judged here, by the tenant's fence and the caller's rights, as for
// everything else that the cell answers. What is asked for is asked of the
// control plane, which has the accounts and speaks with the payment provider;
// nothing of it is kept here but the audit entries. So these operations, and no
// others, need the control plane: without it they answer 503, and one that hangs
// keeps few of them waiting ([Bulkhead]).
//
// An audit entry is written when the control plane has done what was asked: a
// transaction that is open meanwhile would keep a freeze waiting for somebody
// else's server. A crash in between loses the entry; the control plane's own log
// says what became of a tenant's plan, in any case.
package billing
