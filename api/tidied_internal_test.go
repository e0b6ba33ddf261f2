package api

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
)

// TestFilesOfForms: a file that is sent lies in the folder of temporary files while its request is answered, and no longer.
func TestFilesOfForms(t *testing.T) { //nolint:paralleltest // The folder is the process's.
	t.Setenv("TMPDIR", t.TempDir())
	files := func() int {
		found, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		return len(found)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("upload", "rates.csv")
	require.NoError(t, err)
	_, err = part.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, form.Close())

	during := 0
	r := gin.New()
	r.Use(tidied)
	r.POST("/", func(c *gin.Context) {
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), principalKey{}, "somebody"))
		require.NoError(t, c.Request.ParseMultipartForm(1))
		during = files()
	})
	server := httptest.NewServer(r)
	defer server.Close()
	res, err := http.Post(server.URL, form.FormDataContentType(), &body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 1, during)
	require.Zero(t, files())
}
