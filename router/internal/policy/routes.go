package policy

import (
	"bytes"
	"slices"
)

// Class numbers a route class within its [Rules].
type Class uint8

// All is the class of every request together.
const All Class = 0

const other Class = 1

type route struct {
	prefix  []byte
	methods []string
	match   Match
}

// Match is what the rules say of a request's route.
type Match struct {
	Class  Class
	Name   string // of the class
	Public bool
	Bulk   bool
	Unpaid bool
}

func (r *Rules) compileRoute(in Route) route {
	return route{
		prefix: []byte(in.Prefix), methods: in.Methods,
		match: Match{Class: r.class(in.Class), Name: in.Class, Public: in.Public, Bulk: in.Bulk, Unpaid: in.Unpaid},
	}
}

var unmatched = Match{Class: other, Name: otherClass}

// Route classes a request by its method and path (without the query). A path
// that another server might read differently (dot segments, encoded octets,
// empty segments) is never public, nor served to who has not paid.
func (r *Rules) Route(method, path []byte) Match {
	for i := range r.routes {
		rt := &r.routes[i]
		if !underneath(path, rt.prefix) || len(rt.methods) > 0 && !slices.Contains(rt.methods, string(method)) {
			continue
		}
		m := rt.match
		m.Public, m.Unpaid = m.Public && plain(path), m.Unpaid && plain(path)
		return m
	}
	return unmatched
}

// underneath reports whether path is prefix or lies below it.
func underneath(path, prefix []byte) bool {
	if !bytes.HasPrefix(path, prefix) {
		return false
	}
	return len(path) == len(prefix) || prefix[len(prefix)-1] == '/' || path[len(prefix)] == '/'
}

func plain(path []byte) bool {
	for i, c := range path {
		if c == '%' || c == '\\' || c == ';' || c == '/' && i+1 < len(path) && (path[i+1] == '/' || path[i+1] == '.') {
			return false
		}
	}
	return true
}
