package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coditect/platform/cell"
)

// Headers of the standard-webhooks scheme.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// Signature is one secret's signature under a message.
func Signature(secret cell.WebhookSecret, id string, at time.Time, body []byte) string {
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + ".")) // a hash takes everything
	_, _ = h.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signed returns the headers of a message, signed with every secret of the
// endpoint that is valid at the time.
func signed(e cell.WebhookEndpoint, id string, at time.Time, body []byte) http.Header {
	signatures := []string{Signature(e.Secret, id, at, body)}
	if e.OldSecret != nil && at.Before(e.OldSecretUntil) {
		signatures = append(signatures, Signature(e.OldSecret, id, at, body))
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "coditect-webhooks/1")
	h.Set(headerID, id)
	h.Set(headerTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(headerSignature, strings.Join(signatures, " "))
	return h
}
