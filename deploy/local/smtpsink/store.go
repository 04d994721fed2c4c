package smtpsink

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Store keeps messages, each in a file of one directory.
type Store struct {
	dir  string
	most int

	mu       sync.Mutex
	messages []Message // oldest first
}

const suffix = ".json"

// OpenStore opens the directory, which is made if it is not there, and reads
// what it holds. It keeps the newest messages, at most as many as most says.
func OpenStore(dir string, most int) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail store: %w", err)
	}
	entries, err := os.ReadDir(dir) // by name, which is by time
	if err != nil {
		return nil, fmt.Errorf("mail store: %w", err)
	}
	s := &Store{dir: dir, most: most}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		var m Message
		raw, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err == nil {
			err = json.Unmarshal(raw, &m)
		}
		if err != nil {
			return nil, fmt.Errorf("mail store: %s: %w", entry.Name(), err)
		}
		s.messages = append(s.messages, m)
	}
	return s, s.trim()
}

// Add keeps a mail. When it returns nil, the mail survives a restart.
func (s *Store) Add(from string, to []string, source string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := Message{Received: time.Now().UTC(), From: from, To: to, Source: source}
	m.ID = s.nextID(m.Received)
	m.read()
	if err := s.write(m); err != nil {
		return fmt.Errorf("mail store: %w", err)
	}
	s.messages = append(s.messages, m)
	return s.trim()
}

// nextID is later than every other, even if the clock is not.
func (s *Store) nextID(now time.Time) string {
	const digits = "%019d"
	id := fmt.Sprintf(digits, now.UnixNano())
	if n := len(s.messages); n > 0 && id <= s.messages[n-1].ID {
		var last int64
		_, _ = fmt.Sscanf(s.messages[n-1].ID, "%d", &last) // written above
		id = fmt.Sprintf(digits, last+1)
	}
	return id
}

func (s *Store) write(m Message) error {
	encoded, err := json.Marshal(m)
	if err != nil {
		return err
	}
	path := s.path(m.ID)
	if err := os.WriteFile(path+".new", encoded, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (s *Store) trim() error {
	var err error
	for len(s.messages) > s.most {
		if removeErr := os.Remove(s.path(s.messages[0].ID)); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
		s.messages = s.messages[1:]
	}
	return err
}

func (s *Store) path(id string) string { return filepath.Join(s.dir, id+suffix) }

// Messages returns the messages to a recipient, or all if it is empty, newest
// first.
func (s *Store) Messages(to string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := make([]Message, 0, len(s.messages))
	for _, m := range slices.Backward(s.messages) {
		if to == "" || slices.ContainsFunc(m.To, func(r string) bool { return strings.EqualFold(r, to) }) {
			found = append(found, m)
		}
	}
	return found
}

// Message finds one message.
func (s *Store) Message(id string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.messages, func(m Message) bool { return m.ID == id })
	if i < 0 {
		return Message{}, false
	}
	return s.messages[i], true
}
