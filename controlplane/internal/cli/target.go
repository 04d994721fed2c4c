package cli

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// target is the control plane that a command talks to.
type target struct {
	storedContext
	name string // of the context; "" if --server named it
}

// target chooses it: --server, else --context, else the file's current context,
// else the local platform if there is one. A context's key goes to the
// context's own server only, unless both flags are given.
func (p *program) target() (target, error) {
	file, err := p.loadContexts()
	if err != nil {
		return target{}, err
	}
	chosen, err := p.chosen(file)
	switch server := strings.TrimSuffix(p.flags.server, "/"); {
	case server == "":
	case p.flags.context == "" && (err != nil || server != chosen.Server || p.opts.APIKey != ""):
		chosen, err = target{storedContext: storedContext{Server: server, Key: p.opts.APIKey}}, nil
	default:
		chosen.Server = server
	}
	if err != nil {
		return target{}, err
	}
	return chosen, checkServer(chosen.Server, chosen.AllowHTTP)
}

func (p *program) chosen(file *contextFile) (target, error) {
	name := p.flags.context
	if name == "" {
		name = file.Current
	}
	if name != "" && name != localName {
		found, ok := file.Contexts[name]
		if !ok {
			return target{}, misused("there is no context %q", name).withHint("'cellctl context ls' lists them, 'cellctl context set %s --server URL' makes one", name)
		}
		return target{storedContext: found, name: name}, nil
	}
	found, path, err := p.localContext()
	switch {
	case err != nil:
		return target{}, err
	case path == "" && name == localName:
		return target{}, misused("there is no local platform here: no .local/platform.json in %s or above", p.opts.Dir).withHint("run 'make up' in the repository, or choose another context with --context")
	case path == "":
		return target{}, misused("no control plane is chosen").withHint("make a context: cellctl context set NAME --server URL --key-file FILE; or start a local platform: make up")
	}
	return target{storedContext: found, name: localName}, nil
}

// checkServer refuses what is not the base URL of a server, and to send a key
// to another machine where anyone between can read it.
func checkServer(server string, allowHTTP bool) error {
	u, err := url.Parse(server)
	bare := err == nil && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && strings.TrimSuffix(u.Path, "/") == ""
	switch {
	case !bare || u.Scheme != "http" && u.Scheme != "https":
		return misused("the server is not a URL such as https://control.example.com")
	case u.Scheme == "http" && !allowHTTP && !loopback(u.Hostname()):
		return misused("refusing to send a key to %s without encryption", u.Host).withHint("use https; in a private network: cellctl context set NAME --server URL --allow-http")
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

var keyPattern = regexp.MustCompile(`^ctk_[A-Za-z0-9_-]{43}$`)

// checkKey says whether a key can be one, without telling what it is.
func checkKey(key string) error {
	if !keyPattern.MatchString(key) {
		return failed("this is not an operator's API key: it should be ctk_ and 43 letters, digits, _ or -")
	}
	return nil
}
