package signin

import (
	"fmt"
	"html/template"
	"image/color"
	"strings"

	qrcode "github.com/boombuler/barcode/qr"
)

// quiet is the white border that a QR code must have (ISO/IEC 18004 §6.3.8), in
// modules.
const quiet = 4

// qr draws a QR code as SVG, to stand in the page itself: a picture with an
// address of its own could be fetched, cached and logged, and this one holds a
// secret.
func qr(text string) (template.HTML, error) {
	code, err := qrcode.Encode(text, qrcode.M, qrcode.Auto)
	if err != nil {
		return "", fmt.Errorf("QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	// Nothing of the text stands in it but as black and white squares.
	return template.HTML(fmt.Sprintf( //nolint:gosec // made of numbers alone
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" role="img" aria-label="QR code of the key below" shape-rendering="crispEdges"><path d="%[2]s" fill="#000"/></svg>`,
		size+2*quiet, path.String())), nil
}
