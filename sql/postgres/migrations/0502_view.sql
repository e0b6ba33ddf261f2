-- Addresses of pages with their filters, which somebody goes to again and again.

-- +goose Up
CREATE TABLE saved_view (
    login   text NOT NULL REFERENCES person ON DELETE CASCADE,
    page    text NOT NULL,
    name    text NOT NULL CHECK (name <> ''),
    query   text NOT NULL,
    PRIMARY KEY (login, page, name)
);

-- +goose Down
DROP TABLE saved_view;
