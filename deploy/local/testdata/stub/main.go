// Command stub stands in for the platform's programs, so that this package's
// tests are about starting and stopping them: it listens wherever its flags
// say, is ready, and answers what the start asks of the real ones.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 2 && slices.Contains([]string{"schema", "key", "billing", "identity", "migrate"}, os.Args[1]) {
		if err := command(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	for i, arg := range os.Args {
		if strings.HasSuffix(arg, "listen") || strings.HasSuffix(arg, "host-port") {
			go serve(os.Args[i+1])
		}
		if arg == "--config" { // the authorization server's, which says where in a file
			for _, address := range configured(os.Args[i+1]) {
				go serve(address)
			}
		}
	}
	<-end
}

func command() error {
	input, err := io.ReadAll(os.Stdin)
	if os.Args[1] == "key" && !strings.HasPrefix(string(input), "ctk_") {
		return fmt.Errorf("no key on standard input: %q, %w", input, err)
	}
	if os.Args[1] == "billing" && os.Getenv("CONTROLPLANE_STRIPE_KEY") == "" {
		return fmt.Errorf("no key for Stripe")
	}
	if os.Args[1] == "identity" && os.Getenv("OPS_ROBOT_SECRET") == "" {
		return fmt.Errorf("no secret for a client")
	}
	if os.Args[1] == "schema" && os.Getenv("CONTROLPLANE_DATABASE_URL")+os.Getenv("CELL_OWNER_DATABASE_URL") == "" {
		return fmt.Errorf("no database")
	}
	return err
}

// configured lists the addresses of the authorization server's doors.
func configured(path string) []string {
	var config struct {
		Serve struct{ Public, Admin struct{ Port int } }
	}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &config)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return []string{fmt.Sprintf("127.0.0.1:%d", config.Serve.Public.Port), fmt.Sprintf("127.0.0.1:%d", config.Serve.Admin.Port)}
}

func serve(address string) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /health/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /.well-known/jwks.json", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v1/organization", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v1/cells/{cell}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id": %q, "state": "active", "healthy": true}`, r.PathValue("cell"))
	})
	mux.HandleFunc("POST /v1/signups", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"api_key": "key of %s", "url": "", "tenant": {
			"tenant_id": "0192a0a0-0000-7000-8000-000000000001", "slug": "stub", "cell": "cell-a", "region": "us-central1",
			"state": "active", "epoch": 1, "plan": "team", "version": 1}}`, r.Header.Get("Idempotency-Key"))
	})
	fmt.Println(http.ListenAndServe(address, mux))
	os.Exit(1)
}
