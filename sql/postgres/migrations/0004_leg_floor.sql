-- +goose Up
-- The day before which it is no longer known which legs were accounted for. A leg from before it is not taken for new.
CREATE TABLE rated_leg_floor (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    day     date NOT NULL
);
INSERT INTO rated_leg_floor (day) VALUES ('1970-01-01');

-- +goose Down
DROP TABLE rated_leg_floor;
