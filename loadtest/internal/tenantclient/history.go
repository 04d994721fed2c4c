package tenantclient

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// history is what happened to one register, as its users saw it.
type history struct {
	mu    sync.Mutex
	ops   []porcupine.Operation
	under int // operations under way
}

// enter reports whether another operation may begin.
func (h *history) enter(atMost int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if atMost > 0 && h.under >= atMost {
		return false
	}
	h.under++
	return true
}

func (h *history) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.under--
}

type registerInput struct {
	write bool
	value int
}

// register is a variable that is written whole; its state is its last value.
var register = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		in := input.(registerInput)
		if in.write {
			return true, in.value
		}
		return output.(int) == state.(int), state
	},
	DescribeOperation: func(input, output any) string {
		if in := input.(registerInput); in.write {
			return fmt.Sprintf("write(%d)", in.value)
		}
		return fmt.Sprintf("read() = %v", output)
	},
}

// wrote notes a write. One whose outcome is not known may take effect at any
// time after it began.
func (h *history) wrote(client, value int, begun, ended time.Duration, known bool) {
	end := int64(math.MaxInt64)
	if known {
		end = int64(ended)
	}
	h.add(porcupine.Operation{ClientId: client, Input: registerInput{write: true, value: value}, Call: int64(begun), Output: 0, Return: end})
}

func (h *history) read(client, value int, begun, ended time.Duration) {
	h.add(porcupine.Operation{ClientId: client, Input: registerInput{}, Call: int64(begun), Output: value, Return: int64(ended)})
}

func (h *history) add(op porcupine.Operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
}

// settled returns the operations without what makes them needlessly hard to
// order. A write of unknown outcome that nobody read may as well not have been;
// one that was read took effect before the first of those reads ended.
func settled(ops []porcupine.Operation) []porcupine.Operation {
	seen := map[int]int64{} // by value: when the first read of it ended
	for _, op := range ops {
		if in := op.Input.(registerInput); !in.write {
			value := op.Output.(int)
			if first, known := seen[value]; !known || op.Return < first {
				seen[value] = op.Return
			}
		}
	}
	var kept []porcupine.Operation
	for _, op := range ops {
		if in := op.Input.(registerInput); in.write && op.Return == math.MaxInt64 {
			first, read := seen[in.value]
			if !read {
				continue
			}
			op.Return = max(op.Call, first) // read before it began: no order explains that
		}
		kept = append(kept, op)
	}
	return kept
}

// judge reports whether the history is linearizable, within a bounded time.
func (h *history) judge(limit time.Duration) error {
	h.mu.Lock()
	ops := settled(h.ops)
	h.mu.Unlock()
	for i := range ops {
		ops[i].ClientId = i // porcupine draws by it; operations of unknown end overlap those behind them
	}
	switch porcupine.CheckOperationsTimeout(register, ops, limit) {
	case porcupine.Illegal:
		return fmt.Errorf("%d operations have no order that explains what was read", len(ops))
	case porcupine.Unknown:
		return fmt.Errorf("%d operations could not be judged within %s", len(ops), limit)
	}
	return nil
}
