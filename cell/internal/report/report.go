// Package report writes reports as CSV and PDF.
package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/coditect/platform/cell"
)

// columns are those of either format, with their widths in a PDF, in millimetres.
var columns = []struct {
	title string
	width float64
}{{"Workspace", 55}, {"Project", 75}, {"Status", 20}, {"Created", 20}, {"Changed", 20}}

func cells(l cell.ReportLine) []string {
	return []string{l.Workspace, l.Project, string(l.Status), l.CreatedAt.UTC().Format(time.DateOnly), l.UpdatedAt.UTC().Format(time.DateOnly)}
}

// CSV writes the report as RFC 4180 has it. A text that a spreadsheet would take
// for a formula is made plain text by an apostrophe.
func CSV(w io.Writer, report cell.Report) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	_ = out.Write(titles) // Error returns it
	for _, l := range report.Lines {
		row := cells(l)
		for i, text := range row {
			if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t\r") {
				row[i] = "'" + text
			}
		}
		_ = out.Write(row)
	}
	out.Flush()
	return out.Error()
}

const (
	family     = "go"
	lineHeight = 6 // millimetres
)

// PDF writes the report on A4 pages. Its font knows Latin, Greek and Cyrillic
// letters; others are shown as boxes.
func PDF(w io.Writer, report cell.Report) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes(family, "", goregular.TTF)
	pdf.SetTitle("Projects of "+report.Organization, true)
	pdf.SetCreationDate(report.At)
	pdf.SetHeaderFunc(func() {
		pdf.SetFont(family, "", 9)
		for _, c := range columns {
			pdf.CellFormat(c.width, lineHeight, c.title, "B", 0, "L", false, 0, "")
		}
		pdf.Ln(lineHeight + 1)
	})
	pdf.AddPage()
	pdf.SetFont(family, "", 14)
	pdf.MultiCell(0, 8, "Projects of "+report.Organization, "", "L", false)
	pdf.SetFont(family, "", 9)
	pdf.MultiCell(0, lineHeight, fmt.Sprintf("%s UTC · %d projects · %d active users", report.At.Format(time.DateTime), len(report.Lines), report.Users), "", "L", false)
	pdf.Ln(lineHeight)
	for _, l := range report.Lines {
		for i, text := range cells(l) {
			pdf.CellFormat(columns[i].width, lineHeight, fit(pdf, text, columns[i].width-2), "", 0, "L", false, 0, "")
		}
		pdf.Ln(lineHeight)
	}
	return pdf.Output(w)
}

// fit shortens a text to a width. Characters beyond the basic plane, which the
// library cannot set, become a box, too.
func fit(pdf *fpdf.Fpdf, text string, width float64) string {
	runes := []rune(text)
	for i, r := range runes {
		if r > 0xFFFF {
			runes[i] = '□'
		}
	}
	if pdf.GetStringWidth(string(runes)) <= width {
		return string(runes)
	}
	for len(runes) > 0 && pdf.GetStringWidth(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
