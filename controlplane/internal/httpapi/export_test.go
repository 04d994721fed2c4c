package httpapi

// ClientAddress is for tests.
var ClientAddress = clientAddress
