package listen

// ReadProxyHeader is exported to the fuzz test.
var ReadProxyHeader = readProxyHeader

// MaxPreparing is exported to the test of that bound.
const MaxPreparing = maxPreparing
