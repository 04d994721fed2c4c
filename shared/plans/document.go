package plans

// document is the YAML form of a [Catalogue].
type document struct {
	Currency     string `yaml:"currency"`
	DefaultPlan  string `yaml:"default_plan"`
	AutomaticTax bool   `yaml:"automatic_tax"`
	Dunning      struct {
		GraceDays    int `yaml:"grace_days"`
		ReadOnlyDays int `yaml:"read_only_days"`
	} `yaml:"dunning"`
	Meters []struct {
		Name   string `yaml:"name"`
		Title  string `yaml:"title"`
		Metric string `yaml:"metric"`
		Unit   *int64 `yaml:"unit"`
	} `yaml:"meters"`
	Coupons []struct {
		Name       string `yaml:"name"`
		Title      string `yaml:"title"`
		PercentOff int    `yaml:"percent_off"`
		Months     int    `yaml:"months"`
	} `yaml:"coupons"`
	Plans []planDocument `yaml:"plans"`
}

type planDocument struct {
	Name      string           `yaml:"name"`
	Title     string           `yaml:"title"`
	Tier      string           `yaml:"tier"`
	TrialDays int              `yaml:"trial_days"`
	Prices    map[string]int64 `yaml:"prices"`
	Usage     []struct {
		Meter    string `yaml:"meter"`
		Included int64  `yaml:"included"`
		Each     string `yaml:"each"`
	} `yaml:"usage"`
	Entitlements []string `yaml:"entitlements"`
	Limits       []struct {
		Class      string  `yaml:"class"`
		PerSecond  float64 `yaml:"per_second"`
		Burst      int     `yaml:"burst"`
		Concurrent int     `yaml:"concurrent"`
		MaxBody    int64   `yaml:"max_body_bytes"`
	} `yaml:"limits"`
}
