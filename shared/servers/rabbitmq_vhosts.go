package servers

import (
	"context"
	"crypto/rand"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// AddVHost makes a vhost in the running broker, in which the user has all
// rights.
func (r RabbitMQ) AddVHost(ctx context.Context, vhost, user string) error {
	return r.eval(ctx, fmt.Sprintf(
		`ok = rabbit_vhost:add(%[1]s, %[2]s), `+
			`ok = rabbit_auth_backend_internal:set_permissions(%[2]s, %[1]s, <<".*">>, <<".*">>, <<".*">>, %[2]s).`,
		erlangBinary(vhost), erlangBinary(user)))
}

// DeleteVHost removes a vhost from the running broker, with its queues and
// their messages, and closes its connections.
func (r RabbitMQ) DeleteVHost(ctx context.Context, vhost, user string) error {
	return r.eval(ctx, fmt.Sprintf(`ok = rabbit_vhost:delete(%s, %s).`, erlangBinary(vhost), erlangBinary(user)))
}

// eval runs an Erlang expression in the broker. erl_call does that in
// milliseconds; rabbitmqctl would boot an Erlang machine of its own for it.
func (r RabbitMQ) eval(ctx context.Context, expression string) error {
	// Two calls at once need two names: the default is the same for all.
	caller := "caller" + rand.Text()
	cmd := exec.CommandContext(ctx, "/usr/bin/erl_call", "-h", caller, "-sname", brokerNode, "-e")
	cmd.Env = baseEnv("HOME="+r.Dir, "ERL_EPMD_PORT="+strconv.Itoa(r.EpmdPort))
	cmd.Stdin = strings.NewReader(expression + "\n")
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: erl_call: %w: %s", r.name(), err, output)
	}
	if answer := string(output); !strings.HasPrefix(answer, "{ok,") {
		return fmt.Errorf("%s: erl_call: %s", r.name(), answer)
	}
	return nil
}

// erlangBinary writes a string as an Erlang binary, whatever it holds.
func erlangBinary(s string) string {
	bytes := make([]string, len(s))
	for i := range len(s) {
		bytes[i] = strconv.Itoa(int(s[i]))
	}
	return "<<" + strings.Join(bytes, ",") + ">>"
}
