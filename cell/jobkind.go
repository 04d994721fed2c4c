package cell

// JobKind says what a job does. Which kinds a worker knows is one table in
// package app.
type JobKind string

// The kinds of jobs.
const (
	WelcomeEmail         JobKind = "welcome_email"          // greets the owner of a new tenant
	ReportJob            JobKind = "report"                 // workspaces and projects as a file; see ReportOrder
	WebhookDelivery      JobKind = "webhook_delivery"       // one attempt at a delivery
	InviteEmail          JobKind = "invite_email"           // mails an invitation
	WebhookDisabledEmail JobKind = "webhook_disabled_email" // tells an owner that an endpoint was stopped
	PasswordEmail        JobKind = "password_email"         // mails a code that sets a password
	AddressEmail         JobKind = "address_email"          // mails a code that verifies an address
	DataExport           JobKind = "data_export"            // everything of the tenant as a file
	RetentionJob         JobKind = "retention"              // removes what the tenant's plan keeps no longer
	UsageRollUp          JobKind = "usage_roll_up"          // closes days that are over
)

// HeldKinds are the jobs that a tenant does for itself: they wait while its bills
// are unpaid or it is suspended, as do its schedules. What it needs to sign in and
// to leave, and what the platform does for its own sake, goes on.
func HeldKinds() []JobKind { return []JobKind{ReportJob, WebhookDelivery} }
