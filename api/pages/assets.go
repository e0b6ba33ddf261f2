package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// asset is a file of ours as browsers get it.
type asset struct {
	kind          string
	tag           string // Of its content: the address that pages name it by changes with it.
	plain, packed []byte
}

// assets are our files by their paths below /assets/.
type assets map[string]*asset

// readAssets packs all files once, at the start.
func readAssets() (assets, error) {
	out := make(assets)
	err := fs.WalkDir(content, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := content.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		one := &asset{kind: mime.TypeByExtension(path.Ext(name)), tag: hex.EncodeToString(sum[:6]), plain: text}
		if one.packed, err = pack(text); err != nil {
			return err
		}
		out[strings.TrimPrefix(name, "assets/")] = one
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("files of the pages: %w", err)
	}
	return out, nil
}

func pack(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(text); err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

// address is where pages find a file. Whoever has it by this address never asks for it again.
func (a assets) address(name string) (string, error) {
	one, ok := a[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return "/assets/" + name + "?v=" + one.tag, nil
}

// serve sends a file. By its present address it may be kept for ever; by any other it is asked for again after a while.
func (a assets) serve(c *gin.Context) {
	one, ok := a[strings.TrimPrefix(c.Param("file"), "/")]
	if !ok {
		c.Status(http.StatusNotFound)
		return
	}
	h := c.Writer.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	if c.Query("v") == one.tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `W/"`+one.tag+`"`) // Weak: packed and plain are the same file.
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(c.GetHeader("If-None-Match"), one.tag) {
		c.Status(http.StatusNotModified)
		return
	}
	if takesPacked(c) {
		h.Set("Content-Encoding", "gzip")
		c.Data(http.StatusOK, one.kind, one.packed)
		return
	}
	c.Data(http.StatusOK, one.kind, one.plain)
}

func takesPacked(c *gin.Context) bool {
	return strings.Contains(c.GetHeader("Accept-Encoding"), "gzip")
}

// packFrom is the size from which a page is packed: smaller ones fit into a packet or two as they are.
const packFrom = 1400

// packer packs pages, quickly rather than tightly. It is safe for concurrent use.
type packer struct {
	writers sync.Pool
}

// send sends a page, packed where the browser takes that. Nothing secret is lost by it: what others can put into a page
// never stands beside a token, for forms have none.
func (p *packer) send(c *gin.Context, status int, page []byte) error {
	const kind = "text/html; charset=utf-8"
	if len(page) < packFrom || !takesPacked(c) {
		c.Data(status, kind, page)
		return nil
	}
	w, ok := p.writers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if w, err = gzip.NewWriterLevel(nil, gzip.BestSpeed); err != nil {
			return err
		}
	}
	defer p.writers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	if _, err := w.Write(page); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	c.Writer.Header().Set("Content-Encoding", "gzip")
	c.Writer.Header().Add("Vary", "Accept-Encoding")
	c.Data(status, kind, b.Bytes())
	return nil
}
