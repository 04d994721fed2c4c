package credentials

// For tests of what people type.
var (
	NewRecoveryCodes = newRecoveryCodes
	RecoveryHash     = recoveryHash
)
