package api

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/access"
	"trunkline/api/rest"
	"trunkline/console"
)

// SignIn implements rest.StrictServerInterface.
func (o *operations) SignIn(ctx context.Context, r rest.SignInRequestObject) (rest.SignInResponseObject, error) {
	c, ok := ctx.(*gin.Context)
	if !ok {
		return nil, access.ErrNoSession
	}
	token, _, err := o.s.o.Gate.SignIn(ctx, access.Credentials{
		Login: r.Body.Login, Password: r.Body.Password, Code: r.Body.Code, Source: Source(c.Request), Agent: c.Request.UserAgent(),
	})
	if err == nil {
		o.s.SetSession(c.Writer, token)
	}
	return rest.SignIn204Response{}, err
}

// SignOut implements rest.StrictServerInterface.
func (o *operations) SignOut(ctx context.Context, _ rest.SignOutRequestObject) (rest.SignOutResponseObject, error) {
	if c, ok := ctx.(*gin.Context); ok {
		o.s.SetSession(c.Writer, "")
	}
	who := PrincipalFrom(ctx)
	if who.Session == "" {
		return rest.SignOut204Response{}, nil
	}
	return rest.SignOut204Response{}, o.s.o.Gate.SignOut(ctx, who)
}

// GetMe implements rest.StrictServerInterface.
func (o *operations) GetMe(ctx context.Context, _ rest.GetMeRequestObject) (rest.GetMeResponseObject, error) {
	who := PrincipalFrom(ctx)
	me := rest.GetMe200JSONResponse{
		Login: who.User, Name: who.Name, Role: rest.Role(who.Role), Tenant: who.Tenant, Branch: who.Branch, Key: who.Key, Permissions: []rest.Permission{},
	}
	for _, p := range access.Permissions() {
		if who.May(p) {
			me.Permissions = append(me.Permissions, rest.Permission(p))
		}
	}
	return me, nil
}

// ChangePassword implements rest.StrictServerInterface.
func (o *operations) ChangePassword(ctx context.Context, r rest.ChangePasswordRequestObject) (rest.ChangePasswordResponseObject, error) {
	return rest.ChangePassword204Response{}, o.c.ChangePassword(ctx, PrincipalFrom(ctx), r.Body.Former, r.Body.Password)
}

// BeginFactor implements rest.StrictServerInterface.
func (o *operations) BeginFactor(ctx context.Context, _ rest.BeginFactorRequestObject) (rest.BeginFactorResponseObject, error) {
	f, err := o.c.BeginFactor(ctx, PrincipalFrom(ctx))
	return rest.BeginFactor200JSONResponse{Secret: f.Secret, Url: f.URL}, err
}

// ConfirmFactor implements rest.StrictServerInterface.
func (o *operations) ConfirmFactor(ctx context.Context, r rest.ConfirmFactorRequestObject) (rest.ConfirmFactorResponseObject, error) {
	return rest.ConfirmFactor204Response{}, o.c.ConfirmFactor(ctx, PrincipalFrom(ctx), r.Body.Code)
}

// DropFactor implements rest.StrictServerInterface.
func (o *operations) DropFactor(ctx context.Context, r rest.DropFactorRequestObject) (rest.DropFactorResponseObject, error) {
	return rest.DropFactor204Response{}, o.c.DropFactor(ctx, PrincipalFrom(ctx), r.Body.Password)
}

func keyOf(k *access.Key) rest.Key {
	out := rest.Key{Id: k.ID, Login: k.Login, Name: k.Name, CreatedAt: k.Made, ExpiresAt: k.Till, LastUsedAt: k.Used, RevokedAt: k.Revoked, Scopes: []rest.Permission{}}
	for _, p := range k.Scopes {
		out.Scopes = append(out.Scopes, rest.Permission(p))
	}
	return out
}

// ListKeys implements rest.StrictServerInterface.
func (o *operations) ListKeys(ctx context.Context, r rest.ListKeysRequestObject) (rest.ListKeysResponseObject, error) {
	keys, err := o.c.Keys(ctx, PrincipalFrom(ctx), r.Params.All)
	out := rest.ListKeys200JSONResponse{Items: []rest.Key{}}
	for i := range keys {
		out.Items = append(out.Items, keyOf(&keys[i]))
	}
	return out, err
}

func scopesOf(b *rest.KeyRequest) []access.Permission {
	scopes := make([]access.Permission, len(b.Scopes))
	for i, p := range b.Scopes {
		scopes[i] = access.Permission(p)
	}
	return scopes
}

// AddKey implements rest.StrictServerInterface.
func (o *operations) AddKey(ctx context.Context, r rest.AddKeyRequestObject) (rest.AddKeyResponseObject, error) {
	secret, k, err := o.c.AddKey(ctx, PrincipalFrom(ctx), r.Body.Name, scopesOf(r.Body), r.Body.ExpiresAt)
	return rest.AddKey200JSONResponse{Secret: secret, Key: keyOf(&k)}, err
}

// ListKeysOf implements rest.StrictServerInterface.
func (o *operations) ListKeysOf(ctx context.Context, r rest.ListKeysOfRequestObject) (rest.ListKeysOfResponseObject, error) {
	who := PrincipalFrom(ctx)
	if _, err := o.c.Person(ctx, who, r.Login); err != nil {
		return nil, err
	}
	keys, err := o.c.KeysOf(ctx, who, r.Login)
	out := rest.ListKeysOf200JSONResponse{Items: []rest.Key{}}
	for i := range keys {
		out.Items = append(out.Items, keyOf(&keys[i]))
	}
	return out, err
}

// AddKeyOf implements rest.StrictServerInterface.
func (o *operations) AddKeyOf(ctx context.Context, r rest.AddKeyOfRequestObject) (rest.AddKeyOfResponseObject, error) {
	secret, k, err := o.c.AddKeyOf(ctx, PrincipalFrom(ctx), r.Login, r.Body.Name, scopesOf(r.Body), r.Body.ExpiresAt)
	return rest.AddKeyOf200JSONResponse{Secret: secret, Key: keyOf(&k)}, err
}

// RevokeKey implements rest.StrictServerInterface.
func (o *operations) RevokeKey(ctx context.Context, r rest.RevokeKeyRequestObject) (rest.RevokeKeyResponseObject, error) {
	return rest.RevokeKey204Response{}, o.c.RevokeKey(ctx, PrincipalFrom(ctx), r.Key)
}

func userOf(u *access.User) rest.User {
	return rest.User{
		Login: u.Login, Name: u.Name, Email: u.Email, Role: rest.Role(u.Role), Tenant: u.Tenant, Branch: u.Branch,
		Language: rest.UserLanguage(u.Language), Disabled: u.Disabled, SecondFactor: u.TOTP, SignedIn: u.SignedIn,
	}
}

func fromUser(u *rest.User) access.User {
	return access.User{
		Login: u.Login, Name: u.Name, Email: u.Email, Role: access.Role(u.Role), Tenant: u.Tenant, Branch: u.Branch,
		Language: string(u.Language), Disabled: u.Disabled,
	}
}

// ListUsers implements rest.StrictServerInterface.
func (o *operations) ListUsers(ctx context.Context, _ rest.ListUsersRequestObject) (rest.ListUsersResponseObject, error) {
	users, err := o.c.People(ctx, PrincipalFrom(ctx))
	out := rest.ListUsers200JSONResponse{Items: []rest.User{}}
	for i := range users {
		out.Items = append(out.Items, userOf(&users[i]))
	}
	return out, err
}

// AddUser implements rest.StrictServerInterface.
func (o *operations) AddUser(ctx context.Context, r rest.AddUserRequestObject) (rest.AddUserResponseObject, error) {
	token, err := o.c.AddPerson(ctx, PrincipalFrom(ctx), fromUser(r.Body))
	return rest.AddUser200JSONResponse{Link: o.s.Link(token)}, err
}

// Link is the address at which a user chooses their password.
func (s *Server) Link(token string) string {
	base := s.o.PublicURL
	if base == "" {
		base = "http://" + s.Addr()
	}
	return base + "/welcome/" + token
}

// GetUser implements rest.StrictServerInterface.
func (o *operations) GetUser(ctx context.Context, r rest.GetUserRequestObject) (rest.GetUserResponseObject, error) {
	u, err := o.c.Person(ctx, PrincipalFrom(ctx), r.Login)
	return rest.GetUser200JSONResponse(userOf(&u)), err
}

// PutUser implements rest.StrictServerInterface.
func (o *operations) PutUser(ctx context.Context, r rest.PutUserRequestObject) (rest.PutUserResponseObject, error) {
	if r.Body.Login != r.Login {
		return nil, fmt.Errorf("%w: login: the document says %q and its address %q; logins never change", console.ErrInvalid, r.Body.Login, r.Login)
	}
	return rest.PutUser204Response{}, o.c.ChangePerson(ctx, PrincipalFrom(ctx), fromUser(r.Body))
}

// ResetUser implements rest.StrictServerInterface.
func (o *operations) ResetUser(ctx context.Context, r rest.ResetUserRequestObject) (rest.ResetUserResponseObject, error) {
	token, err := o.c.ResetPerson(ctx, PrincipalFrom(ctx), r.Login, r.Params.Factor)
	return rest.ResetUser200JSONResponse{Link: o.s.Link(token)}, err
}

// ListAudit implements rest.StrictServerInterface.
func (o *operations) ListAudit(ctx context.Context, r rest.ListAuditRequestObject) (rest.ListAuditResponseObject, error) {
	f := access.AuditFilter{By: r.Params.By, Object: r.Params.Object, Limit: or(r.Params.Limit, pageLimit)}
	if r.Params.Cursor != "" {
		var err error
		if f.Before, err = time.Parse(auditCursor, r.Params.Cursor); err != nil {
			return nil, fmt.Errorf("%w: %w", console.ErrInvalid, errCursor)
		}
	}
	events, err := o.c.Audit(ctx, PrincipalFrom(ctx), f)
	if err != nil {
		return nil, err
	}
	page := rest.ListAudit200JSONResponse{Items: []rest.AuditEntry{}}
	for i := range events {
		d := &events[i]
		one := rest.AuditEntry{At: d.At, By: d.By, Source: d.Source, Tenant: d.Tenant, Action: d.Action, Object: d.Object, Note: d.Note}
		for _, c := range d.Changes {
			one.Changes = append(one.Changes, rest.FieldChange{Field: c.Path, Before: c.Before, After: c.After})
		}
		page.Items = append(page.Items, one)
	}
	if len(events) == f.Limit {
		page.Next = events[len(events)-1].At.UTC().Format(auditCursor)
	}
	return page, nil
}
