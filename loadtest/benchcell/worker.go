package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/coditect/platform/shared/servers"
)

const brokerUser, brokerVHost = "bench", "cell"

// jobWorker is a worker that runs, with its broker.
type jobWorker struct {
	admin     string // URL
	processes []*servers.Process
}

// jobWorker starts a broker and the worker that knows jobload's kind of job.
func (b *bench) jobWorker(ctx context.Context) (*jobWorker, error) {
	ports, err := servers.FreePorts(4)
	if err != nil {
		return nil, err
	}
	broker := servers.RabbitMQ{
		Dir: filepath.Join(b.dir, "rabbitmq"), Port: ports[0], DistPort: ports[1], EpmdPort: ports[2],
		Users: []servers.BrokerUser{{Name: brokerUser, Password: b.password, VHosts: []string{brokerVHost}}},
	}
	if err := broker.Prepare(ctx); err != nil {
		return nil, err
	}
	admin := fmt.Sprintf("127.0.0.1:%d", ports[3])
	w := &jobWorker{admin: "http://" + admin}
	for _, spec := range []servers.Spec{broker.EpmdSpec(), broker.Spec(), {
		Name: "worker", Path: b.program("jobload"), Dir: b.dir, Log: filepath.Join(b.dir, "worker.log"),
		Args: []string{"worker", "--admin-listen", admin, "--blob-url", "file://" + filepath.ToSlash(filepath.Join(b.dir, "files")) + "?create_dir=true"},
		Env: environment(
			"CELL_DATABASE_URL="+b.postgres.DSN(appRole, b.password, database),
			"CELL_RELAY_DATABASE_URL="+b.postgres.DSN("cell_relay", b.password, database),
			"CELL_AMQP_URL="+broker.URL(brokerUser, b.password, brokerVHost),
		),
		Ready:      func(ctx context.Context) error { return ready(ctx, w.admin+"/readyz") },
		StopWithin: 20 * time.Second,
	}} {
		process, err := b.run(ctx, spec)
		if err != nil {
			return nil, err
		}
		w.processes = append(w.processes, process)
	}
	return w, nil
}

func (w *jobWorker) stop(ctx context.Context) error {
	var errs []error
	for i := len(w.processes) - 1; i >= 0; i-- {
		errs = append(errs, w.processes[i].Stop(ctx))
	}
	return errors.Join(errs...)
}
