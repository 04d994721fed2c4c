package capacity

import (
	"errors"
	"fmt"
	"math"
)

// Point is the throughput of so many users at once.
type Point struct {
	Users float64 `json:"users"`
	Rate  float64 `json:"rate"`
}

// Fit is the law fitted to points.
type Fit struct {
	Lambda      float64   `json:"lambda"` // a second
	Sigma       float64   `json:"sigma"`
	Kappa       float64   `json:"kappa"`
	SigmaError  float64   `json:"sigma_error"` // standard errors
	KappaError  float64   `json:"kappa_error"`
	Residuals   []float64 `json:"residuals"` // by point: measured to fitted, less one
	Rough       float64   `json:"rough"`     // their root mean square
	Peak        float64   `json:"peak"`      // users at which throughput is highest; infinite: 0
	PeakRate    float64   `json:"peak_rate"` // there, or the asymptote if κ is 0
	Trustworthy string    `json:"trustworthy"`
	Problem     string    `json:"problem"` // why the law is not identifiable; empty: it is
}

// Rate is the fitted throughput of so many users.
func (f *Fit) Rate(users float64) float64 {
	return f.Lambda * users / (1 + f.Sigma*(users-1) + f.Kappa*users*(users-1))
}

const (
	fewestPoints = 6
	roughest     = 0.15 // root mean square of residuals that a law may leave
	beyond       = 2    // times the largest measured number of users: as far as the law is believed
)

// ErrFewPoints says that there is too little to fit.
var ErrFewPoints = errors.New("capacity: the law needs at least 6 different numbers of users")

// FitLaw fits the law. Its Problem says plainly when the points do not determine
// it.
func FitLaw(points []Point) (*Fit, error) {
	different, most := map[float64]bool{}, 0.0
	for _, p := range points {
		if p.Rate <= 0 || p.Users < 1 {
			return nil, fmt.Errorf("capacity: %g users brought %g/s", p.Users, p.Rate)
		}
		different[p.Users] = true
		most = max(most, p.Users)
	}
	if len(different) < fewestPoints {
		return nil, ErrFewPoints
	}
	// A negative term means that the data do not show it: it is left out.
	var coefficients, variances [3]float64
	for _, used := range [][3]bool{{true, true, true}, {true, true, false}, {true, false, true}, {true, false, false}} {
		var ok bool
		if coefficients, variances, ok = leastSquares(points, used); ok && coefficients[1] >= 0 && coefficients[2] >= 0 {
			break
		}
	}
	a := coefficients[0]
	f := &Fit{
		Lambda: 1 / a, Sigma: coefficients[1] / a, Kappa: coefficients[2] / a,
		SigmaError: math.Sqrt(variances[1]) / a, KappaError: math.Sqrt(variances[2]) / a,
	}
	for _, p := range points {
		f.Residuals = append(f.Residuals, p.Rate/f.Rate(p.Users)-1)
		f.Rough += f.Residuals[len(f.Residuals)-1] * f.Residuals[len(f.Residuals)-1]
	}
	f.Rough = math.Sqrt(f.Rough / float64(len(points)))
	f.judge(most)
	return f, nil
}

// judge says where the law holds.
func (f *Fit) judge(most float64) {
	switch {
	case f.Kappa > 0 && f.Sigma < 1:
		f.Peak = math.Sqrt((1 - f.Sigma) / f.Kappa)
		f.PeakRate = f.Rate(f.Peak)
	case f.Sigma > 0:
		f.PeakRate = f.Lambda / f.Sigma
	}
	f.Trustworthy = fmt.Sprintf("up to %.0f users at once, twice what was measured", beyond*most)
	const intervals = 2 // standard errors: about 95 %
	switch {
	case f.Rough > roughest:
		f.Problem = fmt.Sprintf("the points leave the curve by %.0f %% on average", 100*f.Rough)
	case f.Sigma == 0 && f.Kappa == 0:
		f.Problem = "throughput grew with the users all the way: nothing shows where it ends"
	case f.Sigma <= intervals*f.SigmaError && f.Kappa <= intervals*f.KappaError:
		f.Problem = fmt.Sprintf("neither σ (%.3g ± %.3g) nor κ (%.3g ± %.3g) differs from 0", f.Sigma, f.SigmaError, f.Kappa, f.KappaError)
	case f.Peak > beyond*most:
		f.Problem = fmt.Sprintf("the peak it names, at %.0f users, is far beyond the %.0f that were measured", f.Peak, most)
	}
}

// leastSquares fits N/X = a + b(N-1) + cN(N-1), weighted so that relative errors
// count, with the terms that are used.
func leastSquares(points []Point, used [3]bool) (coefficients, variances [3]float64, ok bool) {
	var m [3][6]float64 // the normal equations' matrix, and the identity beside it
	var rhs [3]float64
	for _, p := range points {
		y := p.Users / p.Rate
		row := [3]float64{1 / y, (p.Users - 1) / y, p.Users * (p.Users - 1) / y}
		for i := range row {
			if !used[i] {
				row[i] = 0
			}
		}
		for i := range row {
			rhs[i] += row[i]
			for j := range row {
				m[i][j] += row[i] * row[j]
			}
		}
	}
	for i := range m {
		if !used[i] {
			m[i][i] = 1
		}
		m[i][3+i] = 1
	}
	if !invert(&m) {
		return coefficients, variances, false
	}
	free := len(points)
	for i := range m {
		for j := range rhs {
			coefficients[i] += m[i][3+j] * rhs[j]
		}
		if used[i] {
			free--
		}
	}
	var sum float64
	for _, p := range points {
		y := p.Users / p.Rate
		e := (coefficients[0]+coefficients[1]*(p.Users-1)+coefficients[2]*p.Users*(p.Users-1))/y - 1
		sum += e * e
	}
	for i := range variances {
		if used[i] {
			variances[i] = m[i][3+i] * sum / float64(max(1, free))
		}
	}
	return coefficients, variances, coefficients[0] > 0
}

// invert turns the identity beside a matrix into its inverse (Gauss and Jordan).
func invert(m *[3][6]float64) bool {
	for i := range 3 {
		best := i
		for j := i; j < 3; j++ {
			if math.Abs(m[j][i]) > math.Abs(m[best][i]) {
				best = j
			}
		}
		m[i], m[best] = m[best], m[i]
		if m[i][i] == 0 {
			return false
		}
		for j, pivot := 0, m[i][i]; j < 6; j++ {
			m[i][j] /= pivot
		}
		for k := range 3 {
			for j, times := 0, m[k][i]; k != i && j < 6; j++ {
				m[k][j] -= times * m[i][j]
			}
		}
	}
	return true
}
