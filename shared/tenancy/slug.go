package tenancy

import (
	"errors"
	"fmt"
	"strings"
)

// Slug is a tenant's own DNS label: {slug}.<domain>. Parsed by [ParseSlug].
type Slug string

// Bounds of a slug's length, in characters. The upper one leaves room within
// the 63 octets of a DNS label (RFC 1035) for prefixes such as "staging-".
const (
	MinSlugLength = 3
	MaxSlugLength = 40
)

// ErrInvalidSlug is wrapped by every error of [ParseSlug]; its text may be
// shown to the person who chose the slug.
var ErrInvalidSlug = errors.New("invalid slug")

// ParseSlug accepts lower-case letters, digits and single hyphens, beginning
// with a letter and ending with a letter or digit. It does not fold case: two
// spellings of one slug would be two answers to one question.
//
// Refused besides: reserved words and what reads like one ("adm1n"), and every
// double hyphen, which keeps punycode labels ("xn--…", RFC 5890) out.
func ParseSlug(s string) (Slug, error) {
	if len(s) < MinSlugLength || len(s) > MaxSlugLength {
		return "", fmt.Errorf("%w: use %d to %d characters", ErrInvalidSlug, MinSlugLength, MaxSlugLength)
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9' && i > 0:
		case c == '-' && i > 0 && i < len(s)-1 && s[i-1] != '-':
		default:
			return "", fmt.Errorf("%w: use a-z, 0-9 and single hyphens, beginning with a letter", ErrInvalidSlug)
		}
	}
	if word, reserved := reservedWord(s); reserved {
		return "", fmt.Errorf("%w: %q is reserved", ErrInvalidSlug, word)
	}
	return Slug(s), nil
}

// reservedWord reports whether a person could take s for one of our own names.
func reservedWord(s string) (string, bool) {
	for _, skeleton := range skeletons(s) {
		if _, ok := reserved[skeleton]; ok {
			return skeleton, true
		}
	}
	return "", false
}

// skeletons returns the readings of s after folding the ASCII look-alikes of
// Unicode TR39 that survive the character rules above. "1" reads as i and as l.
func skeletons(s string) [3]string {
	return [3]string{s, foldI.Replace(s), foldL.Replace(s)}
}

var (
	foldI = strings.NewReplacer("0", "o", "1", "i", "3", "e", "5", "s", "rn", "m", "vv", "w", "-", "")
	foldL = strings.NewReplacer("0", "o", "1", "l", "3", "e", "5", "s", "rn", "m", "vv", "w", "-", "")
)

// reserved are labels that the platform uses, may use, or that mail, browsers
// and certificate authorities give a meaning of their own (RFC 2142, RFC 6761).
var reserved = set(
	"abuse", "account", "accounts", "admin", "administrator", "api", "app", "apps", "assets", "auth", "autoconfig",
	"autodiscover", "billing", "blog", "cdn", "cell", "cells", "console", "control", "controlplane", "dashboard",
	"directory", "docs", "download", "edge", "email", "example", "ftp", "graphql", "health", "help", "hostmaster",
	"hydra", "imap", "info", "internal", "invalid", "invoice", "invoices", "legal", "local", "localhost", "login",
	"logout", "mail", "metrics", "monitoring", "news", "noc", "null", "oauth", "ops", "pay", "payment", "payments",
	"platform", "pop", "postmaster", "privacy", "prod", "production", "register", "root", "router", "sales", "secure",
	"security", "settings", "signup", "signin", "smtp", "ssl", "sso", "staging", "static", "status", "stripe",
	"support", "system", "tenant", "tenants", "test", "tls", "undefined", "usenet", "uucp", "webmaster", "webmail",
	"wpad", "www", "www1", "www2",
)

func set(words ...string) map[string]struct{} {
	m := make(map[string]struct{}, len(words))
	for _, w := range words {
		m[w] = struct{}{}
	}
	return m
}
