package stripetest

import "strconv"

// The objects, in the form in which Stripe shows them.

type customer struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Created  int64             `json:"created"`
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata"`
	Deleted  bool              `json:"deleted,omitempty"`
}

type product struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Created  int64             `json:"created"`
	Active   bool              `json:"active"`
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata"`
}

type recurring struct {
	Interval      string `json:"interval"`
	IntervalCount int64  `json:"interval_count"`
	UsageType     string `json:"usage_type"`
	Meter         string `json:"meter,omitempty"`
}

type tier struct {
	UpTo              *int64 `json:"up_to"`
	UnitAmountDecimal string `json:"unit_amount_decimal"`
}

// each is what one unit of the tier costs.
func (t tier) each() float64 {
	each, _ := strconv.ParseFloat(t.UnitAmountDecimal, 64)
	return each
}

type price struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Created       int64             `json:"created"`
	Active        bool              `json:"active"`
	BillingScheme string            `json:"billing_scheme"`
	Currency      string            `json:"currency"`
	LookupKey     string            `json:"lookup_key,omitempty"`
	Product       string            `json:"product"`
	Recurring     recurring         `json:"recurring"`
	Tiers         []tier            `json:"tiers,omitempty"`
	TiersMode     string            `json:"tiers_mode,omitempty"`
	Type          string            `json:"type"`
	UnitAmount    int64             `json:"unit_amount"`
	Metadata      map[string]string `json:"metadata"`
}

type coupon struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"`
	Created          int64             `json:"created"`
	Name             string            `json:"name"`
	PercentOff       float64           `json:"percent_off"`
	Duration         string            `json:"duration"`
	DurationInMonths int64             `json:"duration_in_months,omitempty"`
	Valid            bool              `json:"valid"`
	Metadata         map[string]string `json:"metadata"`
}

type discount struct {
	ID     string  `json:"id"`
	Object string  `json:"object"`
	Coupon *coupon `json:"coupon"`
	Start  int64   `json:"start"`
	End    int64   `json:"end,omitempty"` // 0: never
}

type item struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Price    *price `json:"price"`
	Quantity int64  `json:"quantity,omitempty"`
}

type list[T any] struct {
	Object  string `json:"object"`
	URL     string `json:"url"`
	HasMore bool   `json:"has_more"`
	Data    []T    `json:"data"`
}

func listOf[T any](all []T, hasMore bool) list[T] {
	if all == nil {
		all = []T{}
	}
	return list[T]{Object: "list", URL: "/", HasMore: hasMore, Data: all}
}

type switched struct {
	Enabled bool `json:"enabled"`
}

type subscription struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"`
	Created            int64             `json:"created"`
	StartDate          int64             `json:"start_date"`
	Customer           string            `json:"customer"`
	Status             string            `json:"status"`
	Currency           string            `json:"currency"`
	CurrentPeriodStart int64             `json:"current_period_start"`
	CurrentPeriodEnd   int64             `json:"current_period_end"`
	TrialEnd           int64             `json:"trial_end,omitempty"`
	CancelAtPeriodEnd  bool              `json:"cancel_at_period_end"`
	CanceledAt         int64             `json:"canceled_at,omitempty"`
	EndedAt            int64             `json:"ended_at,omitempty"`
	Items              list[*item]       `json:"items"`
	LatestInvoice      string            `json:"latest_invoice,omitempty"`
	Schedule           *string           `json:"schedule"`
	Discount           *discount         `json:"discount"`
	AutomaticTax       switched          `json:"automatic_tax"`
	Metadata           map[string]string `json:"metadata"`

	pending []line // prorations that the next invoice carries
}

type phaseItem struct {
	Price    string `json:"price"`
	Quantity int64  `json:"quantity,omitempty"`
}

type phase struct {
	StartDate int64             `json:"start_date"`
	EndDate   int64             `json:"end_date,omitempty"`
	Items     []phaseItem       `json:"items"`
	Metadata  map[string]string `json:"metadata"`
}

type schedule struct {
	ID           string  `json:"id"`
	Object       string  `json:"object"`
	Created      int64   `json:"created"`
	Customer     string  `json:"customer"`
	Subscription string  `json:"subscription,omitempty"`
	Status       string  `json:"status"` // active, released
	EndBehavior  string  `json:"end_behavior"`
	Phases       []phase `json:"phases"`
}

type period struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

type line struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	Description string `json:"description"`
	Proration   bool   `json:"proration"`
	Quantity    int64  `json:"quantity,omitempty"`
	Period      period `json:"period"`
	Price       *price `json:"price"`
}

type transitions struct {
	FinalizedAt int64 `json:"finalized_at"`
	PaidAt      int64 `json:"paid_at,omitempty"`
}

type invoice struct {
	ID                 string      `json:"id,omitempty"`
	Object             string      `json:"object"`
	Created            int64       `json:"created"`
	Number             string      `json:"number,omitempty"`
	Customer           string      `json:"customer"`
	Subscription       string      `json:"subscription,omitempty"`
	Status             string      `json:"status"`
	BillingReason      string      `json:"billing_reason"`
	Currency           string      `json:"currency"`
	Subtotal           int64       `json:"subtotal"`
	Tax                int64       `json:"tax"`
	Total              int64       `json:"total"`
	AmountDue          int64       `json:"amount_due"`
	AmountPaid         int64       `json:"amount_paid"`
	AmountRemaining    int64       `json:"amount_remaining"`
	AttemptCount       int64       `json:"attempt_count"`
	Attempted          bool        `json:"attempted"`
	NextPaymentAttempt int64       `json:"next_payment_attempt,omitempty"`
	PeriodStart        int64       `json:"period_start"`
	PeriodEnd          int64       `json:"period_end"`
	HostedInvoiceURL   string      `json:"hosted_invoice_url,omitempty"`
	InvoicePDF         string      `json:"invoice_pdf,omitempty"`
	Charge             string      `json:"charge,omitempty"`
	Lines              list[line]  `json:"lines"`
	StatusTransitions  transitions `json:"status_transitions"`
}

type charge struct {
	ID             string `json:"id"`
	Object         string `json:"object"`
	Created        int64  `json:"created"`
	Customer       string `json:"customer"`
	Invoice        string `json:"invoice,omitempty"`
	Amount         int64  `json:"amount"`
	AmountRefunded int64  `json:"amount_refunded"`
	Refunded       bool   `json:"refunded"`
	Currency       string `json:"currency"`
	Status         string `json:"status"`
}

type refund struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Created  int64  `json:"created"`
	Charge   string `json:"charge"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Reason   string `json:"reason,omitempty"`
	Status   string `json:"status"`
}

type payloadKey struct {
	EventPayloadKey string `json:"event_payload_key"`
	Type            string `json:"type,omitempty"`
}

type meter struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"`
	Created            int64             `json:"created"`
	DisplayName        string            `json:"display_name"`
	EventName          string            `json:"event_name"`
	Status             string            `json:"status"`
	CustomerMapping    payloadKey        `json:"customer_mapping"`
	ValueSettings      payloadKey        `json:"value_settings"`
	DefaultAggregation map[string]string `json:"default_aggregation"`
}

type meterEvent struct {
	Object     string            `json:"object"`
	Created    int64             `json:"created"`
	EventName  string            `json:"event_name"`
	Identifier string            `json:"identifier"`
	Payload    map[string]string `json:"payload"`
	Timestamp  int64             `json:"timestamp"`
}

type summary struct {
	ID              string  `json:"id"`
	Object          string  `json:"object"`
	AggregatedValue float64 `json:"aggregated_value"`
	StartTime       int64   `json:"start_time"`
	EndTime         int64   `json:"end_time"`
	Meter           string  `json:"meter"`
}

type session struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	Created           int64             `json:"created"`
	Customer          string            `json:"customer"`
	ClientReferenceID string            `json:"client_reference_id,omitempty"`
	Mode              string            `json:"mode,omitempty"`
	Status            string            `json:"status,omitempty"` // open, complete
	Subscription      string            `json:"subscription,omitempty"`
	URL               string            `json:"url"`
	SuccessURL        string            `json:"success_url,omitempty"`
	CancelURL         string            `json:"cancel_url,omitempty"`
	ReturnURL         string            `json:"return_url,omitempty"`
	Metadata          map[string]string `json:"metadata,omitempty"`

	wanted form
}

type eventData struct {
	Object any `json:"object"`
}

type event struct {
	ID              string    `json:"id"`
	Object          string    `json:"object"`
	APIVersion      string    `json:"api_version"`
	Created         int64     `json:"created"`
	Type            string    `json:"type"`
	Livemode        bool      `json:"livemode"`
	PendingWebhooks int       `json:"pending_webhooks"`
	Data            eventData `json:"data"`
}
