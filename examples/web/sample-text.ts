/** The text in the box at first. */
export const SAMPLE_TEXT = `import sys

def greet(name):
    """Say hello."""
    print(f"Hello, {name}!")

if __name__ == "__main__":
    greet(sys.argv[1])
`;
