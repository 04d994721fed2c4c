package cell

import "time"

// ReportFormat says what a report is written as.
type ReportFormat string

// The formats of reports.
const (
	ReportCSV ReportFormat = "csv"
	ReportPDF ReportFormat = "pdf"
)

// ReportOrder is the payload of a ReportJob.
type ReportOrder struct {
	Format ReportFormat `json:"format"`
}

// Report tells what a tenant works on.
type Report struct {
	Organization string
	At           time.Time
	Users        int // active ones
	Lines        []ReportLine
}

// ReportLine is one project.
type ReportLine struct {
	Workspace, Project string
	Status             ProjectStatus
	CreatedAt          time.Time
	UpdatedAt          time.Time
}
