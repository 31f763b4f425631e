package bus

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parleymeet/parley/pkg/testkit"
)

func TestKeysExpireByThemselves(t *testing.T) {
	addr := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	component := Component(addr)
	if err := component.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- component.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := component.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})

	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.SetNX(t.Context(), "lock", "1", 300*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 3*time.Second, func() error {
		taken, err := client.SetNX(t.Context(), "lock", "2", time.Second).Result()
		if err == nil && !taken {
			err = fmt.Errorf("the lock is still held")
		}
		return err
	})
}

func TestAddressInUse(t *testing.T) {
	addr := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	first := Component(addr)
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Stop(context.WithoutCancel(t.Context())) })
	if err := Component(addr).Start(t.Context()); err == nil {
		t.Fatal("two buses on one address")
	}
}
