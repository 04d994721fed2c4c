// Command scratch is temporary.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/shared/servers"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	pgs := servers.Postgres{Dir: "/tmp/byhand/pg", Port: 25432, Password: "pw"}
	must(pgs.Prepare(ctx))
	p, err := servers.Start(pgs.Spec(), servers.Attached)
	must(err)
	must(p.AwaitReady(ctx))
	n := servers.NATS{Dir: "/tmp/byhand/nats", Port: 24222, User: "u", Password: "p"}
	must(n.Prepare(ctx))
	np, err := servers.Start(n.Spec(), servers.Attached)
	must(err)
	must(np.AwaitReady(ctx))
	conn, err := pgx.Connect(ctx, pgs.SuperDSN("postgres"))
	must(err)
	_, err = conn.Exec(ctx, "CREATE DATABASE cp")
	fmt.Println("create:", err)
	fmt.Println(pgs.SuperDSN("cp"), n.URL())
	key, _ := hex.DecodeString("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
	for i, id := range []string{"cell-a", "cell-b"} {
		go func() { must(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", 28100+i), fakecell.New(id, key).Handler())) }()
	}
	<-ctx.Done()
	_ = np.Stop(context.Background())
	_ = p.Stop(context.Background())
	time.Sleep(time.Second)
}
