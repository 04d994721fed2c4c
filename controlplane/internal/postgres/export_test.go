package postgres

// EntriesByKeys is for tests of its plan.
const EntriesByKeys = entriesByKeys
