package ingress

// ReadProxyHeader is exported to the fuzz test.
var ReadProxyHeader = readProxyHeader
