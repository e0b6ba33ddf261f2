package access

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// User is a person who signs in.
type User struct {
	Login    string // Lower-case; never changes.
	Name     string
	Email    string
	Role     Role
	Tenant   string // Of roles of a tenant.
	Branch   string // Of a branch manager.
	Language string // ru, en, de or empty.
	Disabled bool
	TOTP     bool // A second factor is asked for.
	Made     time.Time
	Changed  time.Time
	SignedIn time.Time // Last; zero: never.
	Locked   time.Time // Until then nobody may sign in; zero or past: not locked.
}

// Secrets are what a user proves who they are with. They are never shown.
type Secrets struct {
	Password string // Hash; empty: none was set yet.
	TOTP     string // Base32; empty: no second factor.
	Pending  string // A second factor that was not proved yet.
	Step     int64  // Time step of the last code that was taken: no code counts twice (RFC 6238, section 5.2).
	Failures int    // Since the last success.
}

// ErrUser is returned, wrapped, for a user that is not well described.
var ErrUser = errors.New("bad user")

// Languages returns those that the pages are in.
func Languages() []string { return []string{"en", "ru", "de"} }

// Validate checks what is told of a user.
func (u *User) Validate() error {
	login := regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{1,63}$`)
	switch {
	case !login.MatchString(u.Login):
		return fmt.Errorf("%w: login %q: use 2 to 64 of a-z, 0-9 and . _ @ + -", ErrUser, u.Login)
	case !u.Role.Known():
		return fmt.Errorf("%w: role %q: use one of %s", ErrUser, u.Role, words(Roles()))
	case u.Role.OfTenant() && u.Tenant == "":
		return fmt.Errorf("%w: a %s needs a tenant", ErrUser, u.Role)
	case !u.Role.OfTenant() && u.Tenant != "":
		return fmt.Errorf("%w: a %s belongs to the operator: leave tenant empty, or make it a manager", ErrUser, u.Role)
	case u.Role == BranchManager && u.Branch == "":
		return fmt.Errorf("%w: a branch_manager needs a branch", ErrUser)
	case u.Role != BranchManager && u.Branch != "":
		return fmt.Errorf("%w: only a branch_manager has a branch: leave it empty", ErrUser)
	case len(u.Name) > 100:
		return fmt.Errorf("%w: name is longer than 100 bytes", ErrUser)
	case u.Language != "" && !slices.Contains(Languages(), u.Language):
		return fmt.Errorf("%w: language %q: use en, ru or de", ErrUser, u.Language)
	}
	if u.Email != "" {
		if a, err := mail.ParseAddress(u.Email); err != nil || a.Address != u.Email {
			return fmt.Errorf("%w: email %q is no address such as anna@example.com", ErrUser, u.Email)
		}
	}
	return nil
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// principal is what a user is once they have proved who they are.
func (u *User) principal(session string) *Principal {
	return &Principal{User: u.Login, Name: u.shown(), Role: u.Role, Tenant: u.Tenant, Branch: u.Branch, Session: session, Language: u.Language}
}

func (u *User) shown() string {
	if u.Name == "" {
		return u.Login
	}
	return u.Name
}
